/** Variables that a node of a cluster reads, and that deploy/ sets. */
export const OF_THE_CLUSTER = ['NODE_ID', 'NODE_CAPACITY', 'CLUSTER_ADDRESS', 'DRAIN_S'];
