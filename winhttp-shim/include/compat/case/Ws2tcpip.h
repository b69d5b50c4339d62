/* Ws2tcpip.h - the spelling of ws2tcpip.h that some programs use.
 *
 * It lives in a directory of its own, and names its target by a path: where file names ignore case,
 * it can neither replace ws2tcpip.h nor include itself. */
#include "../ws2tcpip.h"
