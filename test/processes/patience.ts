/** Deadlines of an application whose processes keep a machine busy: what has to wait there has not failed. */
export const patience = { store: 30_000, channel: 30_000 }
