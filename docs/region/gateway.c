/*
 * A gateway in C that counts orders and times them; the agent reads it like any other process.
 *
 *     cc -O2 -o gateway gateway.c -lm && ./gateway /dev/shm/tapewatch-$(id -u)
 */

#include "tapewatch_region.h"

static const char *const labels[] = {"venue"};
static const struct tapewatch_declaration orders = {
    TAPEWATCH_COUNTER, "orders_submitted_total", "Orders sent to a venue", "", labels, 1, 0, 0};
static const struct tapewatch_declaration position = {
    TAPEWATCH_GAUGE, "position_lots", "Lots held", "lots", labels, 1, 0, 0};
static const struct tapewatch_declaration latency = {
    TAPEWATCH_HISTOGRAM, "order_latency_us", "Signal to API call", "us", labels, 1, -10, 30};

int main(int count, char **arguments) {
    struct tapewatch_sections sections = {1 << 20, 4 << 20, 64, 1024, 16384};
    struct tapewatch_region region;
    const char *const venue[] = {"binance"};
    char *sent, *held, *took;
    int failed;
    if (count < 2) return fprintf(stderr, "usage: gateway FOLDER\n"), 2;
    failed = tapewatch_create(&region, arguments[1], "gateway", "one", &sections);
    if (failed) return fprintf(stderr, "no region: %s\n", strerror(failed)), 1;
    sent = tapewatch_bind(&region, tapewatch_declare(&region, &orders), &orders, venue);
    held = tapewatch_bind(&region, tapewatch_declare(&region, &position), &position, venue);
    took = tapewatch_bind(&region, tapewatch_declare(&region, &latency), &latency, venue);
    if (!sent || !held || !took) return fprintf(stderr, "the region is full\n"), 1;
    for (int order = 1; order <= 1000; order++) {
        tapewatch_add(sent, 1);
        tapewatch_set(held, -order);
        tapewatch_observe(took, &latency, order);
    }
    tapewatch_beat(&region);
    puts(region.path);
    tapewatch_close(&region);
    return 0;
}
