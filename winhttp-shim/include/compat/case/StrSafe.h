/* StrSafe.h - the spelling of strsafe.h that some programs use.
 *
 * It lives in a directory of its own, and names its target by a path: where file names ignore case,
 * it can neither replace strsafe.h nor include itself. */
#include "../strsafe.h"
