/* The transcript: what was called, what came back and what was notified, without anything that changes from run to
 * run. Compiles on Windows, with mingw-w64, and elsewhere against this project's headers. */
#ifndef DIFFERENTIAL_TRANSCRIPT_H
#define DIFFERENTIAL_TRANSCRIPT_H

#ifdef _WIN32
#include <windows.h>
#include <winhttp.h>
#else
#include <compat/windows.h>
#endif

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef WINHTTP_OPTION_DISABLE_GLOBAL_POOLING
#define WINHTTP_OPTION_DISABLE_GLOBAL_POOLING 195
#endif
#ifndef WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT
#define WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT 115
#endif

/* What the last error is set to before each call. */
#define UNTOUCHED 4242
/* Bytes that a receive may ask for. */
#define INBOX_BYTES (1u << 20)

/* Whether the sessions of this scenario are asynchronous. */
extern BOOL asynchronous;
/* How long a wait may take, in milliseconds. */
extern DWORD patience;
/* Where receives put their bytes. */
extern BYTE inbox[INBOX_BYTES];

/* Begins and ends a scenario; the end prints what was notified and not waited for, and who notified. */
void transcript_open(void);
void scenario_begin(const char *name, BOOL is_asynchronous);
void scenario_end(void);

/* Prints a line, unless quiet. */
void say(const char *format, ...);
/* Between quiet(TRUE) and quiet(FALSE) nothing is printed. They nest. */
void quiet(BOOL on);

/* Where the fixtures' servers listen. */
extern INTERNET_PORT plain_port, tls_port;
/* Copies a line without the port of the plain server, which differs from run to run, and without tabulators, which part
 * the columns of the table of differences. */
void copy_without_port(char *copy, size_t size, const char *line, size_t length);

/* Calls this handle NAME from here on; NULL handles are ignored. */
void name_handle(HINTERNET handle, const char *name);
const char *handle_name(HINTERNET handle);

/* Every notification goes here. */
void CALLBACK notified(
    HINTERNET handle, DWORD_PTR context, DWORD status, LPVOID information, DWORD length);
/* If set, called for every notification, after it is recorded, on the thread that delivers it. */
extern void (*reaction)(HINTERNET handle, DWORD status);

/* Waits for a notification of a handle and prints all that came before it; an error or the handle's end stop it. */
void until(HINTERNET handle, DWORD status);
/* The same where chance decides on which thread they come. */
void until_on_any_thread(HINTERNET handle, DWORD status);
/* Prints what is there already, without waiting. */
void drain(HINTERNET handle);
/* Waits for two notifications that come in any order. */
void until_both(HINTERNET handle, DWORD first, DWORD second);
/* Prints the notification that a call made before it returned, if it did. */
void created(HINTERNET new_handle);
/* The last notification that until met: 0 and the status of a READ_COMPLETE, or an error; 0xffffffff for others. */
DWORD last_read(DWORD *bytes, WINHTTP_WEB_SOCKET_BUFFER_TYPE *type);
/* The same for a request: the count of a DATA_AVAILABLE, READ_COMPLETE or WRITE_COMPLETE; -1 for anything else. */
DWORD last_count(void);
/* The error of the last notification that until met; 0 for all but REQUEST_ERROR. */
DWORD last_error(void);

/* Names of numbers; unknown ones are spelled as numbers. */
const char *error_name(DWORD error);
const char *type_name(int type);
const char *status_name(DWORD status);
/* Bytes as quoted text, or their count and sum if they are long or not printable. */
const char *quoted(const BYTE *bytes, DWORD count);

#endif
