# CMake package of websocket-shim, found relative to this file: PREFIX/share/cmake/websocket/.
#
#   find_package(websocket REQUIRED)
#   target_link_libraries(program PRIVATE websocket::websocket)
#
# websocket::websocket         the shared library, or the static one where only that is installed
# websocket::websocket_static  the static library with the system libraries it needs
cmake_minimum_required(VERSION 3.21) # find_library without a cache entry
get_filename_component(_websocket_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(_websocket_suffixes lib lib64)
if(CMAKE_LIBRARY_ARCHITECTURE)
  list(INSERT _websocket_suffixes 0 "lib/${CMAKE_LIBRARY_ARCHITECTURE}")
endif()
foreach(_websocket_kind SHARED STATIC)
  find_library(_websocket_${_websocket_kind}
    NAMES "${CMAKE_${_websocket_kind}_LIBRARY_PREFIX}websocket${CMAKE_${_websocket_kind}_LIBRARY_SUFFIX}"
    PATHS "${_websocket_prefix}" PATH_SUFFIXES ${_websocket_suffixes} NO_DEFAULT_PATH NO_CACHE)
endforeach()
set(_websocket_include "${_websocket_prefix}/include/websocket-shim")

if(NOT EXISTS "${_websocket_include}/websocket.h" OR NOT (_websocket_SHARED OR _websocket_STATIC))
  set(websocket_FOUND FALSE)
  set(websocket_NOT_FOUND_MESSAGE "${_websocket_prefix} has no websocket.h or no libwebsocket")
  return()
endif()

if(_websocket_STATIC AND NOT TARGET websocket::websocket_static)
  add_library(websocket::websocket_static STATIC IMPORTED)
  set_target_properties(websocket::websocket_static PROPERTIES
    IMPORTED_LOCATION "${_websocket_STATIC}"
    INTERFACE_INCLUDE_DIRECTORIES "${_websocket_include}")
  if(APPLE)
    set_target_properties(websocket::websocket_static PROPERTIES
      INTERFACE_LINK_LIBRARIES "iconv")
  else()
    set_target_properties(websocket::websocket_static PROPERTIES
      INTERFACE_LINK_LIBRARIES "gcc_s;util;rt;pthread;m;dl")
  endif()
endif()

if(NOT TARGET websocket::websocket)
  if(_websocket_SHARED)
    add_library(websocket::websocket SHARED IMPORTED)
    set_target_properties(websocket::websocket PROPERTIES
      IMPORTED_LOCATION "${_websocket_SHARED}"
      INTERFACE_INCLUDE_DIRECTORIES "${_websocket_include}")
  else()
    add_library(websocket::websocket INTERFACE IMPORTED)
    set_target_properties(websocket::websocket PROPERTIES
      INTERFACE_LINK_LIBRARIES websocket::websocket_static)
  endif()
endif()

unset(_websocket_prefix)
unset(_websocket_suffixes)
unset(_websocket_include)
unset(_websocket_SHARED)
unset(_websocket_STATIC)
