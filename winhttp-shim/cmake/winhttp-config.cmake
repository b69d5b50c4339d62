# CMake package of winhttp-shim, found relative to this file: PREFIX/share/cmake/winhttp/.
#
#   find_package(winhttp REQUIRED)
#   target_link_libraries(program PRIVATE winhttp::winhttp)
#
# winhttp::winhttp         the shared library, or the static one where only that is installed
# winhttp::winhttp_static  the static library with the system libraries it needs
# winhttp::compat          adds the forwarders for programs that include <windows.h> or <WinHttp.h>
cmake_minimum_required(VERSION 3.21) # find_library without a cache entry
get_filename_component(_winhttp_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(_winhttp_suffixes lib lib64)
if(CMAKE_LIBRARY_ARCHITECTURE)
  list(INSERT _winhttp_suffixes 0 "lib/${CMAKE_LIBRARY_ARCHITECTURE}")
endif()
foreach(_winhttp_kind SHARED STATIC)
  find_library(_winhttp_${_winhttp_kind}
    NAMES "${CMAKE_${_winhttp_kind}_LIBRARY_PREFIX}winhttp${CMAKE_${_winhttp_kind}_LIBRARY_SUFFIX}"
    PATHS "${_winhttp_prefix}" PATH_SUFFIXES ${_winhttp_suffixes} NO_DEFAULT_PATH NO_CACHE)
endforeach()
set(_winhttp_include "${_winhttp_prefix}/include/winhttp-shim")

if(NOT EXISTS "${_winhttp_include}/winhttp.h" OR NOT (_winhttp_SHARED OR _winhttp_STATIC))
  set(winhttp_FOUND FALSE)
  set(winhttp_NOT_FOUND_MESSAGE "${_winhttp_prefix} has no winhttp.h or no libwinhttp")
  return()
endif()

if(_winhttp_STATIC AND NOT TARGET winhttp::winhttp_static)
  add_library(winhttp::winhttp_static STATIC IMPORTED)
  set_target_properties(winhttp::winhttp_static PROPERTIES
    IMPORTED_LOCATION "${_winhttp_STATIC}"
    INTERFACE_INCLUDE_DIRECTORIES "${_winhttp_include}")
  if(APPLE)
    set_target_properties(winhttp::winhttp_static PROPERTIES
      INTERFACE_LINK_LIBRARIES "-framework Security;-framework CoreFoundation;iconv")
  else()
    set_target_properties(winhttp::winhttp_static PROPERTIES
      INTERFACE_LINK_LIBRARIES "gcc_s;util;rt;pthread;m;dl")
  endif()
endif()

if(NOT TARGET winhttp::winhttp)
  if(_winhttp_SHARED)
    add_library(winhttp::winhttp SHARED IMPORTED)
    set_target_properties(winhttp::winhttp PROPERTIES
      IMPORTED_LOCATION "${_winhttp_SHARED}"
      INTERFACE_INCLUDE_DIRECTORIES "${_winhttp_include}")
  else()
    add_library(winhttp::winhttp INTERFACE IMPORTED)
    set_target_properties(winhttp::winhttp PROPERTIES
      INTERFACE_LINK_LIBRARIES winhttp::winhttp_static)
  endif()
endif()

if(NOT TARGET winhttp::compat)
  add_library(winhttp::compat INTERFACE IMPORTED)
  set_target_properties(winhttp::compat PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${_winhttp_include}/compat;${_winhttp_include}/compat/case"
    INTERFACE_LINK_LIBRARIES "winhttp::winhttp;-pthread")
endif()

unset(_winhttp_prefix)
unset(_winhttp_suffixes)
unset(_winhttp_include)
unset(_winhttp_SHARED)
unset(_winhttp_STATIC)
