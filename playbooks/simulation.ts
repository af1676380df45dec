/** What the names of everything begin with that a simulated attack makes: its user, its bucket, its trail. */
export const SIMULATION_PREFIX = 'cordon-sim-';

/** The key of the tag that everything carries that a simulated attack makes. Its value is the simulation's id. */
export const SIMULATION_TAG = 'cordon:simulation';
