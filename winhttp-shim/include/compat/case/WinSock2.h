/* WinSock2.h - the spelling of winsock2.h that some programs use.
 *
 * It lives in a directory of its own, and names its target by a path: where file names ignore case,
 * it can neither replace winsock2.h nor include itself. */
#include "../winsock2.h"
