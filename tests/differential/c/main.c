/* Plays the scenarios and prints their transcript.
 *
 *   differential --list
 *   differential PLAIN_PORT TLS_PORT [--patience MILLISECONDS] [MODE/SCENARIO...]
 *
 * A scenario that takes four times the patience ends the program with exit code 3. */
#include "scenarios.h"

static const SCENARIO *const all[] = { handshake_scenarios, sending_scenarios, receiving_scenarios,
    closing_scenarios, cancelling_scenarios, handle_scenarios, option_scenarios, proxy_scenarios,
    body_scenarios, upload_scenarios, reuse_scenarios, head_scenarios, query_scenarios,
    request_line_scenarios, failure_scenarios, state_scenarios, leg_scenarios };

/* Set at the end of each scenario, so that the next one has its own time. */
static HANDLE scenario_over;

static DWORD WINAPI watch(LPVOID unused)
{
    (void)unused;
    while (WaitForSingleObject(scenario_over, 4 * patience) == WAIT_OBJECT_0)
        ;
    printf("the scenario does not end\n");
    fflush(stdout);
    _Exit(3);
}

static void full_name(char text[128], const SCENARIO *scenario, BOOL is_asynchronous)
{
    snprintf(text, 128, "%s/%s", is_asynchronous ? "async" : "sync", scenario->name);
}

static BOOL is_wanted(const char *name, int count, char **wanted)
{
    int index;
    for (index = 0; index < count; index++)
        if (strcmp(name, wanted[index]) == 0)
            return TRUE;
    return count == 0;
}

/* Plays, or only lists, what is wanted. */
static void walk(BOOL only_list, int count, char **wanted)
{
    size_t file;
    int mode;
    for (file = 0; file < sizeof all / sizeof all[0]; file++) {
        const SCENARIO *scenario;
        for (scenario = all[file]; scenario->name != NULL; scenario++) {
            for (mode = 0; mode < 2; mode++) {
                char name[128];
                if ((mode == 0 && scenario->modes == ONLY_ASYNC)
                    || (mode == 1 && scenario->modes == ONLY_SYNC))
                    continue;
                full_name(name, scenario, mode == 1);
                if (only_list) {
                    printf("%s\n", name);
                } else if (is_wanted(name, count, wanted)) {
                    scenario_begin(name, mode == 1);
                    scenario->play();
                    scenario_end();
                    SetEvent(scenario_over);
                }
            }
        }
    }
}

int main(int argc, char **argv)
{
    int next = 3;
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        walk(TRUE, 0, NULL);
        return 0;
    }
    if (argc < 3) {
        fprintf(stderr, "usage: differential --list | PLAIN_PORT TLS_PORT [--patience MS] [NAME...]\n");
        return 2;
    }
    plain_port = (INTERNET_PORT)atoi(argv[1]);
    tls_port = (INTERNET_PORT)atoi(argv[2]);
    if (argc > 4 && strcmp(argv[3], "--patience") == 0) {
        patience = (DWORD)atoi(argv[4]);
        next = 5;
    }
    transcript_open();
    scenario_over = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (scenario_over == NULL || CreateThread(NULL, 0, watch, NULL, 0, NULL) == NULL) {
        fprintf(stderr, "no event or no thread\n");
        return 2;
    }
    walk(FALSE, argc - next, argv + next);
    return 0;
}
