/* Stands before the C library's file calls and tells what is done to files below one folder.
 *
 * Preloaded into a process (LD_PRELOAD); idle until `torture_begin`. Each change of a file or a
 * name, and each sync, is one step: it is written to a journal in the order in which the process
 * did it. At a chosen step the process is killed before the step is done, or the disk counts as
 * full from there on.
 *
 * What is written through a mapping is not seen: SQLite maps its index of the log only, which it
 * makes anew.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum step { CREATE = 1, WRITE, TRUNCATE, SYNC, SYNC_FOLDER, RENAME, UNLINK, LINK, MKDIR, RMDIR };
enum plan { WATCH, KILL, FULL };

struct head {
    uint64_t inode;
    int64_t offset;
    uint32_t length;
    uint16_t path, other;
    uint8_t step, pad[7];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static int journal = -1;
static enum plan plan;
static long at, steps, writes, refused;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

void torture_begin(const char *root, int descriptor)
{
    folder_length = strlen(root);
    memcpy(folder, root, folder_length + 1);
    journal = descriptor;
}

/* Count from here; `what` is done at the `when`-th step, or the `when`-th that needs space. */
void torture_plan(int what, long when)
{
    plan = (enum plan)what;
    at = when;
    steps = writes = refused = 0;
}

void torture_give_space(void) { plan = WATCH; }
long torture_steps(void) { return steps; }
long torture_writes(void) { return writes; }
long torture_refused(void) { return refused; }

static int is_ours(const char *path)
{
    return journal >= 0 && strncmp(path, folder, folder_length) == 0
        && (path[folder_length] == '/' || path[folder_length] == 0);
}

static int path_of(int descriptor, char *path)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(name, path, PATH_MAX - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return is_ours(path);
}

/* Resolve a path that may be relative to a folder's descriptor. */
static int path_at(int directory, const char *path, char *out)
{
    if (journal < 0)
        return 0;
    if (path[0] == '/' || directory == AT_FDCWD) {
        snprintf(out, PATH_MAX, "%s", path);
        return is_ours(out);
    }
    if (!path_of(directory, out))
        return 0;
    size_t length = strlen(out);
    snprintf(out + length, PATH_MAX - length, "/%s", path);
    return 1;
}

/* One step, with the lock held: 0, or -1 where the disk is full. */
static int begin_step(enum step step)
{
    steps++;
    if (plan == KILL && steps == at)
        kill(getpid(), SIGKILL);
    if (step == CREATE || step == WRITE || step == TRUNCATE || step == MKDIR) {
        writes++;
        if (plan == FULL && writes >= at) {
            refused++;
            errno = ENOSPC;
            return -1;
        }
    }
    return 0;
}

static void note(enum step step, uint64_t inode, int64_t offset, const char *path,
                 const char *other, const void *data, size_t length)
{
    struct head head = {inode, offset, (uint32_t)length, (uint16_t)strlen(path),
                        (uint16_t)strlen(other), (uint8_t)step, {0}};
    struct iovec parts[] = {{&head, sizeof head},
                            {(void *)path, head.path},
                            {(void *)other, head.other},
                            {(void *)data, length}};
    int kept = errno;
    REAL(writev)(journal, parts, 4);
    errno = kept;
}

static uint64_t inode_of(int descriptor)
{
    struct stat facts;
    return fstat(descriptor, &facts) == 0 ? (uint64_t)facts.st_ino : 0;
}

static uint64_t inode_at(const char *path)
{
    struct stat facts;
    return lstat(path, &facts) == 0 ? (uint64_t)facts.st_ino : 0;
}

static int opened(int directory, const char *path, int flags, mode_t mode)
{
    char full[PATH_MAX];
    if (!path_at(directory, path, full) || !(flags & (O_CREAT | O_TRUNC)))
        return REAL(openat64)(directory, path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat facts;
    int was_there = lstat(full, &facts) == 0;
    enum step step = was_there ? TRUNCATE : CREATE;
    int is_step = was_there ? (flags & O_TRUNC) && facts.st_size : flags & O_CREAT;
    int descriptor = is_step ? begin_step(step) : 0;
    if (descriptor == 0) {
        descriptor = REAL(openat64)(directory, path, flags, mode);
        if (descriptor >= 0 && is_step)
            note(step, inode_of(descriptor), 0, full, "", "", 0);
    }
    pthread_mutex_unlock(&lock);
    return descriptor;
}

#define OPEN(name, directory_argument, directory)                                       \
    int name(directory_argument const char *path, int flags, ...)                       \
    {                                                                                   \
        mode_t mode = 0;                                                                \
        if (flags & (O_CREAT | O_TMPFILE)) {                                            \
            va_list more;                                                               \
            va_start(more, flags);                                                      \
            mode = va_arg(more, mode_t);                                                \
            va_end(more);                                                               \
        }                                                                               \
        return opened(directory, path, flags, mode);                                    \
    }
#define COMMA ,
OPEN(open, , AT_FDCWD)
OPEN(open64, , AT_FDCWD)
OPEN(openat, int directory COMMA, directory)
OPEN(openat64, int directory COMMA, directory)

static int is_our_file(int descriptor, char *path, struct stat *facts)
{
    return journal >= 0 && descriptor != journal && fstat(descriptor, facts) == 0
        && (S_ISREG(facts->st_mode) || S_ISDIR(facts->st_mode)) && path_of(descriptor, path);
}

static ssize_t written(int descriptor, const void *data, size_t length, off64_t offset)
{
    char path[PATH_MAX];
    struct stat facts;
    if (!is_our_file(descriptor, path, &facts))
        return offset < 0 ? REAL(write)(descriptor, data, length)
                          : REAL(pwrite64)(descriptor, data, length, offset);
    pthread_mutex_lock(&lock);
    ssize_t done = begin_step(WRITE);
    if (done == 0) {
        off64_t where = offset;
        if (offset < 0)
            where = fcntl(descriptor, F_GETFL) & O_APPEND ? facts.st_size
                                                          : lseek64(descriptor, 0, SEEK_CUR);
        done = offset < 0 ? REAL(write)(descriptor, data, length)
                          : REAL(pwrite64)(descriptor, data, length, offset);
        if (done > 0)
            note(WRITE, facts.st_ino, where, path, "", data, (size_t)done);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int descriptor, const void *data, size_t length)
{
    return written(descriptor, data, length, -1);
}
ssize_t pwrite(int descriptor, const void *data, size_t length, off_t offset)
{
    return written(descriptor, data, length, offset);
}
ssize_t pwrite64(int descriptor, const void *data, size_t length, off64_t offset)
{
    return written(descriptor, data, length, offset);
}

static int truncated(int descriptor, off64_t length)
{
    char path[PATH_MAX];
    struct stat facts;
    if (!is_our_file(descriptor, path, &facts))
        return REAL(ftruncate64)(descriptor, length);
    pthread_mutex_lock(&lock);
    /* A full disk still gives space back. */
    int done = length > facts.st_size ? begin_step(TRUNCATE) : (begin_step(SYNC), 0);
    if (done == 0) {
        done = REAL(ftruncate64)(descriptor, length);
        if (done == 0)
            note(TRUNCATE, facts.st_ino, length, path, "", "", 0);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int descriptor, off_t length) { return truncated(descriptor, length); }
int ftruncate64(int descriptor, off64_t length) { return truncated(descriptor, length); }

static int synced(int descriptor, int (*call)(int))
{
    char path[PATH_MAX];
    struct stat facts;
    if (!is_our_file(descriptor, path, &facts))
        return call(descriptor);
    pthread_mutex_lock(&lock);
    begin_step(SYNC);
    /* The disk of this computer need not be waited for: what counts is the journal. */
    note(S_ISDIR(facts.st_mode) ? SYNC_FOLDER : SYNC, facts.st_ino, 0, path, "", "", 0);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int descriptor) { return synced(descriptor, REAL(fsync)); }
int fdatasync(int descriptor) { return synced(descriptor, REAL(fdatasync)); }

static int renamed(int from, const char *old, int to, const char *new)
{
    char source[PATH_MAX], target[PATH_MAX];
    if (!path_at(from, old, source) || !path_at(to, new, target))
        return REAL(renameat)(from, old, to, new);
    pthread_mutex_lock(&lock);
    begin_step(RENAME);
    uint64_t inode = inode_at(source);
    int done = REAL(renameat)(from, old, to, new);
    if (done == 0)
        note(RENAME, inode, 0, source, target, "", 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int rename(const char *old, const char *new) { return renamed(AT_FDCWD, old, AT_FDCWD, new); }
int renameat(int from, const char *old, int to, const char *new)
{
    return renamed(from, old, to, new);
}

static int linked(int from, const char *old, int to, const char *new, int flags)
{
    char source[PATH_MAX], target[PATH_MAX];
    if (!path_at(from, old, source) || !path_at(to, new, target))
        return REAL(linkat)(from, old, to, new, flags);
    pthread_mutex_lock(&lock);
    int done = begin_step(CREATE);
    if (done == 0) {
        done = REAL(linkat)(from, old, to, new, flags);
        if (done == 0)
            note(LINK, inode_at(source), 0, source, target, "", 0);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int link(const char *old, const char *new) { return linked(AT_FDCWD, old, AT_FDCWD, new, 0); }
int linkat(int from, const char *old, int to, const char *new, int flags)
{
    return linked(from, old, to, new, flags);
}

static int unlinked(int directory, const char *path, int flags)
{
    char full[PATH_MAX];
    if (!path_at(directory, path, full) || inode_at(full) == 0)
        return REAL(unlinkat)(directory, path, flags);
    pthread_mutex_lock(&lock);
    enum step step = flags & AT_REMOVEDIR ? RMDIR : UNLINK;
    begin_step(step);
    uint64_t inode = inode_at(full);
    int done = REAL(unlinkat)(directory, path, flags);
    if (done == 0)
        note(step, inode, 0, full, "", "", 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int unlink(const char *path) { return unlinked(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinked(AT_FDCWD, path, AT_REMOVEDIR); }
int unlinkat(int directory, const char *path, int flags)
{
    return unlinked(directory, path, flags);
}

int mkdirat(int directory, const char *path, mode_t mode)
{
    char full[PATH_MAX];
    if (!path_at(directory, path, full) || inode_at(full) != 0)
        return REAL(mkdirat)(directory, path, mode);
    pthread_mutex_lock(&lock);
    int done = begin_step(MKDIR);
    if (done == 0) {
        done = REAL(mkdirat)(directory, path, mode);
        if (done == 0)
            note(MKDIR, inode_at(full), 0, full, "", "", 0);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
