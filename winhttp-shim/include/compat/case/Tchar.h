/* Tchar.h - the spelling of tchar.h that some programs use.
 *
 * It lives in a directory of its own, and names its target by a path: where file names ignore case,
 * it can neither replace tchar.h nor include itself. */
#include "../tchar.h"
