# What the CMake projects of winhttp-shim and websocket-shim share: shim_version(), shim_library() and
# shim_program().
# Nothing here is installed.

get_filename_component(SHIM_WORKSPACE_DIR "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
set(SHIM_PC_TEMPLATE "${CMAKE_CURRENT_LIST_DIR}/shim.pc.in")

# The version is stated once, in the workspace's manifest.
function(shim_version RESULT)
  file(STRINGS "${SHIM_WORKSPACE_DIR}/Cargo.toml" line REGEX "^version = " LIMIT_COUNT 1)
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" version "${line}")
  set(${RESULT} ${version} PARENT_SCOPE)
endfunction()

# Builds lib${PROJECT_NAME} with cargo and installs it: shared and static library, headers, pkg-config
# file and CMake package. LIBS_LINUX and LIBS_APPLE are what programs need that link it statically; further arguments are
# cargo's.
function(shim_library LIBS_LINUX LIBS_APPLE)
  set(name ${PROJECT_NAME})
  string(TOUPPER ${name} NAME)
  get_filename_component(package "${CMAKE_CURRENT_SOURCE_DIR}/.." ABSOLUTE)

  include(GNUInstallDirs)
  find_program(CARGO_EXECUTABLE cargo REQUIRED HINTS "$ENV{HOME}/.cargo/bin")
  set(${NAME}_TARGET_DIR "${CMAKE_CURRENT_BINARY_DIR}/cargo" CACHE PATH
      "Where cargo builds; share it with other cargo builds to save time")
  set(target_dir "${${NAME}_TARGET_DIR}")
  if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(profile dev)
    set(built "${target_dir}/debug")
  else()
    set(profile release)
    set(built "${target_dir}/release")
  endif()

  # Until version 1 a new minor version may change the ABI, so the shared library's name carries both
  # numbers; from then on the major version alone.
  if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(abi ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  else()
    set(abi ${PROJECT_VERSION_MAJOR})
  endif()
  if(APPLE)
    set(shared lib${name}.${PROJECT_VERSION}.dylib)
    set(soname lib${name}.${abi}.dylib)
    set(linkname lib${name}.dylib)
    set(link_arg -Wl,-install_name,@rpath/${soname})
    set(LIBS_PRIVATE "${LIBS_APPLE}")
  else()
    set(shared lib${name}.so.${PROJECT_VERSION})
    set(soname lib${name}.so.${abi})
    set(linkname lib${name}.so)
    set(link_arg -Wl,-soname,${soname})
    set(LIBS_PRIVATE "${LIBS_LINUX}")
  endif()

  # cargo decides what is out of date, so it is always asked.
  set(output "${CMAKE_CURRENT_BINARY_DIR}/lib")
  add_custom_target(${name}_build ALL
    COMMAND ${CMAKE_COMMAND} -E env "CARGO_TARGET_DIR=${target_dir}"
            ${CARGO_EXECUTABLE} rustc --manifest-path "${package}/Cargo.toml" --lib
            --profile ${profile} --crate-type cdylib,staticlib ${ARGN}
            -- -C link-arg=${link_arg}
    COMMAND ${CMAKE_COMMAND} -E make_directory "${output}"
    COMMAND ${CMAKE_COMMAND} -E copy "${built}/${linkname}" "${output}/${shared}"
    COMMAND ${CMAKE_COMMAND} -E create_symlink ${shared} "${output}/${soname}"
    COMMAND ${CMAKE_COMMAND} -E create_symlink ${soname} "${output}/${linkname}"
    COMMAND ${CMAKE_COMMAND} -E copy "${built}/lib${name}.a" "${output}/lib${name}.a"
    BYPRODUCTS "${output}/${shared}" "${output}/lib${name}.a"
    COMMENT "Building lib${name} with cargo"
    USES_TERMINAL
    VERBATIM)

  # For add_subdirectory(): the targets an installed package gives too.
  add_library(${name}::${name} SHARED IMPORTED GLOBAL)
  set_target_properties(${name}::${name} PROPERTIES
    IMPORTED_LOCATION "${output}/${shared}"
    IMPORTED_SONAME "${soname}")
  add_library(${name}::${name}_static STATIC IMPORTED GLOBAL)
  set_target_properties(${name}::${name}_static PROPERTIES
    IMPORTED_LOCATION "${output}/lib${name}.a")
  separate_arguments(libs UNIX_COMMAND "${LIBS_PRIVATE}")
  string(REGEX REPLACE "-framework;" "-framework " libs "${libs}")
  target_link_libraries(${name}::${name}_static INTERFACE ${libs})
  foreach(target ${name}::${name} ${name}::${name}_static)
    target_include_directories(${target} INTERFACE "${package}/include")
    add_dependencies(${target} ${name}_build)
  endforeach()
  if(EXISTS "${package}/include/compat")
    add_library(${name}::compat INTERFACE IMPORTED GLOBAL)
    target_include_directories(${name}::compat INTERFACE
      "${package}/include/compat" "${package}/include/compat/case")
    target_link_libraries(${name}::compat INTERFACE ${name}::${name} -pthread)
  endif()

  # The pkg-config file finds the prefix from where it lies, so `cmake --install --prefix` may change it.
  file(RELATIVE_PATH PC_TO_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  configure_file("${SHIM_PC_TEMPLATE}" ${name}.pc @ONLY)
  install(PROGRAMS "${output}/${shared}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(FILES "${output}/${soname}" "${output}/${linkname}" "${output}/lib${name}.a"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  # A folder of its own: nothing else should find a windows.h in the system's include directory.
  install(DIRECTORY "${package}/include/"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/${name}-shim" FILES_MATCHING PATTERN "*.h")
  install(FILES ${name}-config.cmake ${name}-config-version.cmake
    DESTINATION "${CMAKE_INSTALL_DATADIR}/cmake/${name}")
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()

# Builds a program of this repository with cargo, in the target folder of the library, and installs it;
# further arguments are cargo's.
function(shim_program PROGRAM FOLDER)
  string(TOUPPER ${PROJECT_NAME} NAME)
  set(target_dir "${${NAME}_TARGET_DIR}")
  if(CMAKE_BUILD_TYPE STREQUAL "Debug")
    set(profile dev)
    set(built "${target_dir}/debug/${PROGRAM}")
  else()
    set(profile release)
    set(built "${target_dir}/release/${PROGRAM}")
  endif()
  add_custom_target(${PROGRAM}_build ALL
    COMMAND ${CMAKE_COMMAND} -E env "CARGO_TARGET_DIR=${target_dir}"
            ${CARGO_EXECUTABLE} build --manifest-path "${FOLDER}/Cargo.toml" --bin ${PROGRAM}
            --profile ${profile} ${ARGN}
    BYPRODUCTS "${built}"
    COMMENT "Building ${PROGRAM} with cargo"
    USES_TERMINAL
    VERBATIM)
  # Two cargos would only wait for each other.
  add_dependencies(${PROGRAM}_build ${PROJECT_NAME}_build)
  install(PROGRAMS "${built}" DESTINATION "${CMAKE_INSTALL_BINDIR}")
endfunction()
