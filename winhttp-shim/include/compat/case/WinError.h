/* WinError.h - the spelling of winerror.h that some programs use.
 *
 * It lives in a directory of its own, and names its target by a path: where file names ignore case,
 * it can neither replace winerror.h nor include itself. */
#include "../winerror.h"
