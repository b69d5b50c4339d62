/* win32_module.h - loading libraries, and the process itself.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * "winhttp.dll", in any case and with any folder, is the libwinhttp that the program is linked to. */
#ifndef WINHTTP_SHIM_COMPAT_WIN32_MODULE_H
#define WINHTTP_SHIM_COMPAT_WIN32_MODULE_H

#include "win32_text.h"

#include <dlfcn.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Returns nothing, unlike on Windows: compilers let this type be cast to any other function. */
typedef void(WINAPI *FARPROC)(void);

#ifndef LOAD_LIBRARY_SEARCH_SYSTEM32
#define LOAD_LIBRARY_SEARCH_SYSTEM32 0x800
#endif
#ifndef LOAD_LIBRARY_SEARCH_DEFAULT_DIRS
#define LOAD_LIBRARY_SEARCH_DEFAULT_DIRS 0x1000
#endif

static inline BOOL winhttp_compat_is_winhttp_dll(LPCSTR name)
{
    LPCSTR last = name;
    for (; *name != 0; name++) {
        if (*name == '/' || *name == '\\')
            last = name + 1;
    }
    return _stricmp(last, "winhttp.dll") == 0 || _stricmp(last, "winhttp") == 0;
}

/* Searches as dlopen does; the program itself is where "winhttp.dll" is found. */
static inline HMODULE LoadLibraryA(LPCSTR name)
{
    HMODULE module;
    if (name == NULL) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    module = dlopen(winhttp_compat_is_winhttp_dll(name) ? NULL : name, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL)
        SetLastError(ERROR_MOD_NOT_FOUND);
    return module;
}

static inline HMODULE LoadLibraryW(LPCWSTR name)
{
    char narrow[4 * MAX_PATH];
    if (name != NULL
        && WideCharToMultiByte(CP_UTF8, 0, name, -1, narrow, sizeof(narrow), NULL, NULL) == 0) {
        SetLastError(ERROR_MOD_NOT_FOUND);
        return NULL;
    }
    return LoadLibraryA(name != NULL ? narrow : NULL);
}

/* The flags mean nothing here. */
static inline HMODULE LoadLibraryExA(LPCSTR name, HANDLE file, DWORD flags)
{
    (void)file;
    (void)flags;
    return LoadLibraryA(name);
}

static inline HMODULE LoadLibraryExW(LPCWSTR name, HANDLE file, DWORD flags)
{
    (void)file;
    (void)flags;
    return LoadLibraryW(name);
}

static inline BOOL FreeLibrary(HMODULE module)
{
    if (module == NULL || dlclose(module) != 0) {
        SetLastError(ERROR_INVALID_HANDLE);
        return FALSE;
    }
    return TRUE;
}

/* What LoadLibrary returns for a library that is loaded already, or for NULL the program; nothing is
 * to be freed. "winhttp.dll" is the program, too. */
static inline HMODULE GetModuleHandleA(LPCSTR name)
{
    BOOL is_program = name == NULL || winhttp_compat_is_winhttp_dll(name);
    HMODULE module = is_program ? dlopen(NULL, RTLD_NOW) : dlopen(name, RTLD_NOW | RTLD_NOLOAD);
    if (module == NULL)
        SetLastError(ERROR_MOD_NOT_FOUND);
    else
        dlclose(module); /* gives back what was taken: it stays loaded */
    return module;
}

static inline HMODULE GetModuleHandleW(LPCWSTR name)
{
    char narrow[4 * MAX_PATH];
    if (name != NULL
        && WideCharToMultiByte(CP_UTF8, 0, name, -1, narrow, sizeof(narrow), NULL, NULL) == 0) {
        SetLastError(ERROR_MOD_NOT_FOUND);
        return NULL;
    }
    return GetModuleHandleA(name != NULL ? narrow : NULL);
}

/* The length of a text that fits its buffer, or the buffer's size: then the text is cut off. */
static inline DWORD winhttp_compat_fitted(size_t length, DWORD size)
{
    if (length < size)
        return (DWORD)length;
    SetLastError(ERROR_INSUFFICIENT_BUFFER);
    return size;
}

/* The program's own path, for NULL and what GetModuleHandle gives for it; no other module has one
 * here. Its separators are the system's. */
static inline BOOL winhttp_compat_program_path(HMODULE module, char *path, size_t size)
{
    BOOL known = FALSE;
    if (module == NULL || module == GetModuleHandleA(NULL)) {
#ifdef __APPLE__
        uint32_t space = (uint32_t)size;
        known = _NSGetExecutablePath(path, &space) == 0;
#else
        ssize_t length = readlink("/proc/self/exe", path, size);
        known = length > 0 && (size_t)length < size;
        if (known)
            path[length] = 0;
#endif
    }
    if (!known)
        SetLastError(ERROR_MOD_NOT_FOUND);
    return known;
}

static inline DWORD GetModuleFileNameA(HMODULE module, LPSTR result, DWORD size)
{
    char path[4096];
    size_t length;
    if (!winhttp_compat_program_path(module, path, sizeof(path)))
        return 0;
    length = strlen(path);
    if (size > 0) {
        memcpy(result, path, length < size ? length : size - 1);
        result[length < size ? length : size - 1] = 0;
    }
    return winhttp_compat_fitted(length, size);
}

static inline DWORD GetModuleFileNameW(HMODULE module, LPWSTR result, DWORD size)
{
    char path[4096];
    WCHAR wide[sizeof(path)];
    size_t length;
    if (!winhttp_compat_program_path(module, path, sizeof(path)))
        return 0;
    length = (size_t)MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, (int)sizeof(path)) - 1;
    if (size > 0) {
        memcpy(result, wide, (length < size ? length : size - 1) * sizeof(WCHAR));
        result[length < size ? length : size - 1] = 0;
    }
    return winhttp_compat_fitted(length, size);
}

/* A WinHTTP function is found in the width of WCHAR. Ordinals do not exist. A static libwinhttp is
 * found only in a program that exports its symbols: -rdynamic. */
static inline FARPROC GetProcAddress(HMODULE module, LPCSTR name)
{
    char prefixed[128] = WINHTTP_SYMBOL_PREFIX;
    void *self = NULL, *symbol = NULL;
    FARPROC function = NULL;
    if ((uintptr_t)name > 0xFFFF) {
        if (module == NULL)
            module = self = dlopen(NULL, RTLD_NOW);
        if (strlen(name) < sizeof(prefixed) - sizeof(WINHTTP_SYMBOL_PREFIX)) {
            memcpy(prefixed + sizeof(WINHTTP_SYMBOL_PREFIX) - 1, name, strlen(name) + 1);
            symbol = dlsym(module, prefixed);
        }
        if (symbol == NULL)
            symbol = dlsym(module, name);
        if (self != NULL)
            dlclose(self);
    }
    if (symbol == NULL)
        SetLastError(ERROR_PROC_NOT_FOUND);
    else
        memcpy(&function, &symbol, sizeof(function));
    return function;
}

#ifndef LoadLibrary
#define LoadLibrary WINHTTP_COMPAT_NAME(LoadLibrary)
#endif
#ifndef LoadLibraryEx
#define LoadLibraryEx WINHTTP_COMPAT_NAME(LoadLibraryEx)
#endif
#ifndef GetModuleHandle
#define GetModuleHandle WINHTTP_COMPAT_NAME(GetModuleHandle)
#endif
#ifndef GetModuleFileName
#define GetModuleFileName WINHTTP_COMPAT_NAME(GetModuleFileName)
#endif

/* The process. */

static inline DWORD GetCurrentProcessId(void)
{
    return (DWORD)getpid();
}

/* The length of the value; its size with the NUL if the buffer is too small. Letter case counts in
 * names, unlike on Windows. */
static inline DWORD GetEnvironmentVariableA(LPCSTR name, LPSTR value, DWORD size)
{
    const char *found = name != NULL ? getenv(name) : NULL;
    size_t length = found != NULL ? strlen(found) : 0;
    if (length == 0) /* empty, which is no error, or not there */
        SetLastError(found != NULL ? ERROR_SUCCESS : ERROR_ENVVAR_NOT_FOUND);
    if (found == NULL)
        return 0;
    if (length >= size)
        return (DWORD)length + 1;
    memcpy(value, found, length + 1);
    return (DWORD)length;
}

static inline DWORD GetEnvironmentVariableW(LPCWSTR name, LPWSTR value, DWORD size)
{
    char narrow[4 * MAX_PATH];
    const char *found = NULL;
    int needed;
    if (name != NULL
        && WideCharToMultiByte(CP_UTF8, 0, name, -1, narrow, sizeof(narrow), NULL, NULL) != 0)
        found = getenv(narrow);
    if (found == NULL || found[0] == 0)
        SetLastError(found != NULL ? ERROR_SUCCESS : ERROR_ENVVAR_NOT_FOUND);
    if (found == NULL)
        return 0;
    needed = MultiByteToWideChar(CP_UTF8, 0, found, -1, NULL, 0);
    if ((DWORD)needed > size)
        return (DWORD)needed;
    MultiByteToWideChar(CP_UTF8, 0, found, -1, value, (int)size);
    return (DWORD)needed - 1;
}

#ifndef GetEnvironmentVariable
#define GetEnvironmentVariable WINHTTP_COMPAT_NAME(GetEnvironmentVariable)
#endif

/* As exit: handlers of atexit run. The system keeps eight bits of the code. */
__attribute__((noreturn)) static inline void ExitProcess(UINT code)
{
    exit((int)code);
}

#ifdef __cplusplus
}
#endif

#endif
