/* both_units.h - includes the header that WINHTTP_COMPAT_UNITS names for char and for WCHAR.
 *
 * Licence: MIT OR Apache-2.0.
 *
 * In there WINHTTP_COMPAT_UNIT is the type of a unit, WINHTTP_COMPAT_OF picks the narrow or the wide
 * name, and WINHTTP_COMPAT_OWN makes one of ours. */

#define WINHTTP_COMPAT_UNIT char
#define WINHTTP_COMPAT_OF(narrow, wide) narrow
#define WINHTTP_COMPAT_OWN(name) winhttp_compat_##name##_a
#include WINHTTP_COMPAT_UNITS
#undef WINHTTP_COMPAT_UNIT
#undef WINHTTP_COMPAT_OF
#undef WINHTTP_COMPAT_OWN

#define WINHTTP_COMPAT_UNIT WCHAR
#define WINHTTP_COMPAT_OF(narrow, wide) wide
#define WINHTTP_COMPAT_OWN(name) winhttp_compat_##name##_w
#include WINHTTP_COMPAT_UNITS
#undef WINHTTP_COMPAT_UNIT
#undef WINHTTP_COMPAT_OF
#undef WINHTTP_COMPAT_OWN

#undef WINHTTP_COMPAT_UNITS
