/* Compiled with RAISED the system says that the program has more rights than whoever started it. To be included where
 * _GNU_SOURCE is defined. */
#ifndef WINHTTP_TESTS_RAISED_H
#define WINHTTP_TESTS_RAISED_H

#ifdef RAISED
#ifdef __APPLE__
int issetugid(void)
{
    return 1;
}
#else
#include <dlfcn.h>
#include <sys/auxv.h>

unsigned long getauxval(unsigned long type)
{
    if (type == AT_SECURE)
        return 1;
    return ((unsigned long (*)(unsigned long))dlsym(RTLD_NEXT, "getauxval"))(type);
}
#endif
#endif

#endif
