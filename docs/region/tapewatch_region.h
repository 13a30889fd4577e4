/*
 * Write a Tapewatch region from C or C++: what docs/region.md draws, as structs and a few functions.
 *
 * One thread writes. Everything happens at the start but tapewatch_add, tapewatch_set and
 * tapewatch_observe, which are a load, an addition and a store, and never fail.
 * Little-endian machines with 64 bits; Linux.
 */

#ifndef TAPEWATCH_REGION_H
#define TAPEWATCH_REGION_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TAPEWATCH_VERSION 1
#define TAPEWATCH_DROP_CELLS 32

enum tapewatch_life { TAPEWATCH_STARTING = 0, TAPEWATCH_LIVE = 1, TAPEWATCH_CLOSED = 2 };
enum tapewatch_entry_type { TAPEWATCH_FAMILY = 1, TAPEWATCH_SERIES = 2, TAPEWATCH_FORMAT = 3 };
/* The helpers below declare the first three; the others are drawn in docs/region.md. */
enum tapewatch_kind { TAPEWATCH_COUNTER = 1, TAPEWATCH_GAUGE = 2, TAPEWATCH_HISTOGRAM = 3 };

struct tapewatch_header {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes;
    uint64_t region_bytes;
    uint64_t pid;
    uint64_t process_start_ticks;
    uint8_t boot_id[16];
    int64_t created_realtime_ns;
    uint64_t epoch;
    uint64_t in_progress;
    uint64_t rewrites;
    uint64_t directory_used;
    uint64_t values_used;
    uint64_t life;
    uint64_t pid_namespace;
    uint8_t unused_120[8];
    uint64_t ring_next;
    uint8_t unused_136[56];
    int64_t heartbeat_monotonic_ns;
    int64_t heartbeat_promise_ns;
    uint64_t clock_sequence;
    int64_t clock_monotonic_ns;
    int64_t clock_realtime_ns;
    uint8_t unused_232[24];
    uint64_t directory_offset;
    uint64_t directory_bytes;
    uint64_t values_offset;
    uint64_t values_bytes;
    uint64_t errors_offset;
    uint64_t errors_slots;
    uint64_t exemplars_offset;
    uint64_t exemplars_slots;
    uint64_t ring_offset;
    uint64_t ring_slots;
    uint8_t unused_336[176];
    char service[128];
    char instance[128];
    char writer[128];
    uint8_t unused_896[128];
    uint64_t drops[TAPEWATCH_DROP_CELLS];
    uint8_t unused_1280[2816];
};

struct tapewatch_entry {
    uint32_t size;
    uint16_t type;
    uint16_t flags;
    uint32_t number;
    uint32_t family;
};

struct tapewatch_family {
    uint32_t size;
    uint16_t type;
    uint16_t flags;
    uint32_t number;
    uint32_t family;
    uint16_t kind;
    uint16_t two_sided;
    uint16_t label_count;
    uint16_t state_count;
    uint32_t cut_count;
    int32_t index_low;
    uint32_t bucket_count;
    uint32_t series_max;
    uint64_t refused_offset;
    uint64_t reserved;
};

struct tapewatch_series {
    uint32_t size;
    uint16_t type;
    uint16_t flags;
    uint32_t number;
    uint32_t family;
    uint64_t value_offset;
    uint64_t value_bytes;
    int64_t created_realtime_ns;
    uint16_t pair_count;
    uint8_t reserved[6];
};

struct tapewatch_histogram {
    double sum;
    double lowest;
    double highest;
    int64_t zero;
    int64_t above;
    int64_t below;
    uint8_t reserved[16];
};

struct tapewatch_classic {
    double sum;
};

struct tapewatch_note {
    uint64_t sequence;
    int64_t realtime_ns;
    uint64_t length;
    char text[232];
};

struct tapewatch_error {
    uint64_t sequence;
    uint64_t count;
    int64_t first_realtime_ns;
    int64_t last_realtime_ns;
    uint64_t length;
    char text[472];
};

struct tapewatch_exemplar {
    uint64_t sequence;
    uint64_t value_offset;
    double value;
    int64_t realtime_ns;
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t reserved[8];
};

struct tapewatch_slot {
    uint64_t stamp;
    int64_t monotonic_ns;
    uint32_t format;
    uint32_t types;
    uint8_t payload[40];
};

struct tapewatch_continued_slot {
    uint64_t stamp;
    uint8_t payload[56];
};

/* How large the parts are; whole pages each, the last three counts of slots. */
struct tapewatch_sections {
    uint64_t directory_bytes, values_bytes, errors_slots, exemplars_slots, ring_slots;
};

struct tapewatch_region {
    char *base;
    struct tapewatch_header *header;
    uint32_t family_count, series_count;
    char path[512];
};

/* What is declared of an instrument; bounds are octaves: values from 2^low to 2^high. */
struct tapewatch_declaration {
    enum tapewatch_kind kind;
    const char *name, *help, *unit;
    const char *const *labels;
    int label_count, octave_low, octave_high;
};

static inline int64_t tapewatch_clock(clockid_t which) {
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline uint64_t tapewatch_pages(uint64_t size) { return (size + 4095) / 4096 * 4096; }

/* Field 22 of /proc/self/stat: the name before it may hold blanks, so it is counted from its end. */
static inline uint64_t tapewatch_start_ticks(void) {
    char text[1024], *at;
    FILE *file = fopen("/proc/self/stat", "r");
    size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file) fclose(file);
    text[size] = 0;
    at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

static inline void tapewatch_boot_id(uint8_t id[16]) {
    unsigned byte;
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    for (int place = 0; file && place < 16; place++) {
        int letter = fgetc(file);
        if (letter != '-') ungetc(letter, file);
        if (fscanf(file, "%2x", &byte) != 1) break;
        id[place] = (uint8_t)byte;
    }
    if (file) fclose(file);
}

static inline void tapewatch_lay_out(struct tapewatch_header *header,
                                     const struct tapewatch_sections *sections) {
    uint64_t at = header->header_bytes = sizeof *header;
    header->directory_offset = at;
    at += header->directory_bytes = tapewatch_pages(sections->directory_bytes);
    header->values_offset = at;
    at += header->values_bytes = tapewatch_pages(sections->values_bytes);
    header->errors_offset = at;
    header->errors_slots = sections->errors_slots;
    at += tapewatch_pages(sections->errors_slots * sizeof(struct tapewatch_error));
    header->exemplars_offset = at;
    header->exemplars_slots = sections->exemplars_slots;
    at += tapewatch_pages(sections->exemplars_slots * sizeof(struct tapewatch_exemplar));
    header->ring_offset = at;
    header->ring_slots = sections->ring_slots;
    at += tapewatch_pages(sections->ring_slots * sizeof(struct tapewatch_slot));
    header->region_bytes = at;
}

static inline void tapewatch_identify(struct tapewatch_header *header, const char *service,
                                      const char *instance) {
    struct stat namespace_told;
    header->version = TAPEWATCH_VERSION;
    header->pid = (uint64_t)getpid();
    header->process_start_ticks = tapewatch_start_ticks();
    tapewatch_boot_id(header->boot_id);
    if (stat("/proc/self/ns/pid", &namespace_told) == 0)
        header->pid_namespace = namespace_told.st_ino;
    header->created_realtime_ns = tapewatch_clock(CLOCK_REALTIME);
    header->clock_monotonic_ns = tapewatch_clock(CLOCK_MONOTONIC);
    header->clock_realtime_ns = tapewatch_clock(CLOCK_REALTIME);
    header->epoch = header->rewrites = 1;
    strncpy(header->service, service, sizeof header->service);
    strncpy(header->instance, instance, sizeof header->instance);
    strncpy(header->writer, "tapewatch_region.h", sizeof header->writer);
}

/* Make FOLDER/SERVICE-PID.region; 0, or an errno. The folder should be /dev/shm/tapewatch-UID. */
static inline int tapewatch_create(struct tapewatch_region *region, const char *folder,
                                   const char *service, const char *instance,
                                   const struct tapewatch_sections *sections) {
    struct tapewatch_header header;
    int descriptor, failed;
    memset(&header, 0, sizeof header);
    memset(region, 0, sizeof *region);
    tapewatch_lay_out(&header, sections);
    tapewatch_identify(&header, service, instance);
    if (mkdir(folder, 0700) && errno != EEXIST) return errno;
    snprintf(region->path, sizeof region->path, "%s/%s-%d.region", folder, service, (int)getpid());
    descriptor = open(region->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) return errno;
    /* All of it now: a page that is missing later would be a signal in the trading path. */
    failed = posix_fallocate(descriptor, 0, (off_t)header.region_bytes);
    if (!failed) {
        region->base = (char *)mmap(NULL, header.region_bytes, PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_POPULATE, descriptor, 0);
        if (region->base == MAP_FAILED) failed = errno;
    }
    close(descriptor);
    if (failed) {
        unlink(region->path);
        return failed;
    }
    region->header = (struct tapewatch_header *)region->base;
    memcpy(region->header, &header, sizeof header);
    region->header->life = TAPEWATCH_LIVE;
    /* The magic comes last, so that no reader takes a header that is not finished. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    memcpy(region->header->magic, "TAPEWTCH", 8);
    return 0;
}

/* Take cells; NULL where there is no room. They begin as zeros, which is what values begin as. */
static inline char *tapewatch_cells(struct tapewatch_region *region, uint64_t size) {
    uint64_t step = size >= 64 ? 64 : 8;
    uint64_t begin = (region->header->values_used + step - 1) / step * step;
    if (begin + size > region->header->values_bytes) return NULL;
    region->header->values_used = begin + size;
    return region->base + region->header->values_offset + begin;
}

static inline char *tapewatch_string(char *at, const char *text) {
    uint16_t size = (uint16_t)strlen(text);
    memcpy(at, &size, 2);
    memcpy(at + 2, text, size);
    return at + 2 + size;
}

/* Where the next entry goes, filled with zeros; NULL where ``size`` bytes do not fit. */
static inline char *tapewatch_entry_place(struct tapewatch_region *region, uint64_t size) {
    struct tapewatch_header *header = region->header;
    char *place = region->base + header->directory_offset + header->directory_used;
    if (header->directory_used + size + 8 > header->directory_bytes) return NULL;
    memset(place, 0, size + 8);
    return place;
}

/* Publish the entry that ends at ``end``: it is whole before its size is counted. */
static inline void tapewatch_publish(struct tapewatch_region *region, char *place, char *end) {
    struct tapewatch_entry *entry = (struct tapewatch_entry *)place;
    entry->size = (uint32_t)((end - place + 7) / 8 * 8);
    __atomic_store_n(&region->header->directory_used,
                     region->header->directory_used + entry->size, __ATOMIC_RELEASE);
    __atomic_store_n(&region->header->epoch, region->header->epoch + 1, __ATOMIC_RELEASE);
}

static inline uint64_t tapewatch_length(const struct tapewatch_declaration *told) {
    uint64_t size = strlen(told->name) + strlen(told->help) + strlen(told->unit) + 6;
    for (int label = 0; label < told->label_count; label++) size += strlen(told->labels[label]) + 2;
    return size;
}

/* Declare an instrument; its number, or -1 where there is no room. */
static inline int tapewatch_declare(struct tapewatch_region *region,
                                    const struct tapewatch_declaration *told) {
    uint64_t size = sizeof(struct tapewatch_family) + tapewatch_length(told);
    char *refused = tapewatch_cells(region, 8), *end;
    struct tapewatch_family *family = (struct tapewatch_family *)tapewatch_entry_place(region, size);
    if (!refused || !family) return -1;
    family->type = TAPEWATCH_FAMILY;
    family->number = region->family_count++;
    family->kind = (uint16_t)told->kind;
    family->label_count = (uint16_t)told->label_count;
    family->series_max = UINT32_MAX;
    family->refused_offset = (uint64_t)(refused - region->base);
    if (told->kind == TAPEWATCH_HISTOGRAM) {
        family->index_low = 8 * told->octave_low + 1;
        family->bucket_count = (uint32_t)(8 * (told->octave_high - told->octave_low));
    }
    end = tapewatch_string((char *)(family + 1), told->name);
    end = tapewatch_string(tapewatch_string(end, told->help), told->unit);
    for (int label = 0; label < told->label_count; label++)
        end = tapewatch_string(end, told->labels[label]);
    tapewatch_publish(region, (char *)family, end);
    return (int)family->number;
}

/* Bind a series with the values of its labels; where its value lies, or NULL without room. */
static inline char *tapewatch_bind(struct tapewatch_region *region, int number,
                                   const struct tapewatch_declaration *told,
                                   const char *const *values) {
    uint64_t size = sizeof(struct tapewatch_series) + tapewatch_length(told), bytes = 8;
    struct tapewatch_series *series;
    char *value, *end;
    for (int label = 0; label < told->label_count; label++) size += strlen(values[label]) + 2;
    if (told->kind == TAPEWATCH_HISTOGRAM)
        bytes = sizeof(struct tapewatch_histogram) + 64u * (uint64_t)(told->octave_high - told->octave_low);
    value = tapewatch_cells(region, bytes);
    series = (struct tapewatch_series *)tapewatch_entry_place(region, size);
    if (number < 0 || !value || !series) return NULL;
    series->type = TAPEWATCH_SERIES;
    series->number = region->series_count++;
    series->family = (uint32_t)number;
    series->value_offset = (uint64_t)(value - region->base);
    series->value_bytes = bytes;
    series->created_realtime_ns = tapewatch_clock(CLOCK_REALTIME);
    series->pair_count = (uint16_t)told->label_count;
    end = (char *)(series + 1);
    for (int label = 0; label < told->label_count; label++)
        end = tapewatch_string(tapewatch_string(end, told->labels[label]), values[label]);
    tapewatch_publish(region, (char *)series, end);
    return value;
}

/* The trading path. */

static inline void tapewatch_add(char *counter, double amount) { *(double *)counter += amount; }
static inline void tapewatch_set(char *gauge, double value) { *(double *)gauge = value; }

static inline void tapewatch_observe(char *value, const struct tapewatch_declaration *told,
                                     double observed) {
    struct tapewatch_histogram *head = (struct tapewatch_histogram *)value;
    int64_t *buckets = (int64_t *)(head + 1), count = 8 * (told->octave_high - told->octave_low);
    int64_t index = 0;
    int exponent;
    double fraction;
    if (!(observed >= 0 && observed < HUGE_VAL)) return;
    fraction = frexp(observed, &exponent);
    /* Upper bounds belong to their bucket, so the steps are those strictly below the fraction. */
    for (int step = 0; step < 8 && exp2(step / 8.0 - 1) < fraction; step++) index++;
    index += 8 * (int64_t)(exponent - 1 - told->octave_low) - 1;
    if (observed == 0 || index < 0) head->zero++;
    else if (index < count) buckets[index]++;
    else head->above++;
    head->sum += observed;
    if (observed > head->highest) head->highest = observed;
}

/* Say that the process runs; promise first how often that will be. */
static inline void tapewatch_beat(struct tapewatch_region *region) {
    region->header->heartbeat_monotonic_ns = tapewatch_clock(CLOCK_MONOTONIC);
}

/* Say that the end is wanted, and let go. */
static inline void tapewatch_close(struct tapewatch_region *region) {
    region->header->life = TAPEWATCH_CLOSED;
    munmap(region->base, region->header->region_bytes);
}

#ifdef __cplusplus
}
#endif

#endif
