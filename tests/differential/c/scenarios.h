/* The table of scenarios: one array per file, each ended by a row without a name. */
#ifndef DIFFERENTIAL_SCENARIOS_H
#define DIFFERENTIAL_SCENARIOS_H

#include "calls.h"

/* In which kinds of session a scenario is played. */
typedef enum MODES { BOTH, ONLY_SYNC, ONLY_ASYNC } MODES;

typedef struct SCENARIO {
    const char *name;
    MODES modes;
    void (*play)(void);
} SCENARIO;

extern const SCENARIO handshake_scenarios[], sending_scenarios[], receiving_scenarios[],
    closing_scenarios[], cancelling_scenarios[], handle_scenarios[], option_scenarios[],
    body_scenarios[], upload_scenarios[], reuse_scenarios[], head_scenarios[], query_scenarios[],
    request_line_scenarios[], failure_scenarios[], state_scenarios[], leg_scenarios[],
    proxy_scenarios[];

#endif
