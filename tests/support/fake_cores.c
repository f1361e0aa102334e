/* Preloaded into a process (LD_PRELOAD), it answers whoever asks how many cores there are with FAKE_CORES. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static int cores(void)
{
    const char *said = getenv("FAKE_CORES");
    return said ? atoi(said) : 1;
}

int get_nprocs(void) { return cores(); }

int get_nprocs_conf(void) { return cores(); }

long sysconf(int name)
{
    if (name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF)
        return cores();
    static long (*real)(int);
    if (!real)
        real = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");
    return real(name);
}

int sched_getaffinity(pid_t pid, size_t bytes, cpu_set_t *mask)
{
    (void)pid;
    CPU_ZERO_S(bytes, mask);
    for (int core = 0; core < cores(); core++)
        CPU_SET_S(core, bytes, mask);
    return 0;
}
