/* VersionHelpers.h - the spelling of versionhelpers.h that some programs use.
 *
 * It lives in a directory of its own, and names its target by a path: where file names ignore case,
 * it can neither replace versionhelpers.h nor include itself. */
#include "../versionhelpers.h"
