/* WinCrypt.h - the spelling of wincrypt.h that some programs use.
 *
 * It lives in a directory of its own, and names its target by a path: where file names ignore case,
 * it can neither replace wincrypt.h nor include itself. */
#include "../wincrypt.h"
