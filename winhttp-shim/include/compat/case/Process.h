/* Process.h - the spelling of process.h that some programs use.
 *
 * It lives in a directory of its own, and names its target by a path: where file names ignore case,
 * it can neither replace process.h nor include itself. */
#include "../process.h"
