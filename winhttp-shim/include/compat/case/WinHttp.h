/* WinHttp.h - the spelling of winhttp.h that some programs use.
 *
 * It lives in a directory of its own, and names its target by a path: where file names ignore case,
 * it can neither replace winhttp.h nor include itself. */
#include "../../winhttp.h"
