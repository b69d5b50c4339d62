/* Windows.h - the spelling of windows.h that some programs use.
 *
 * It lives in a directory of its own, and names its target by a path: where file names ignore case,
 * it can neither replace windows.h nor include itself. */
#include "../windows.h"
