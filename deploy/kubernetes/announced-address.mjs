// Writes the address at which people reach this machine into the file that is named. Runs in a pod before the node starts.
//
// MACHINE: name of the Kubernetes node. API_TOKEN_FILE: token of an account that may `get nodes`.
import { readFile, writeFile } from 'node:fs/promises';

const { MACHINE, API_TOKEN_FILE, KUBERNETES_API = 'https://kubernetes.default.svc' } = process.env;
/** The first that a machine has. One without an outer address has people on its own network, or a NAT that keeps ports. */
const KINDS = ['ExternalIP', 'InternalIP'];

const token = (await readFile(API_TOKEN_FILE, 'utf8')).trim();
const answer = await fetch(`${KUBERNETES_API}/api/v1/nodes/${encodeURIComponent(MACHINE)}`, {
  headers: { authorization: `Bearer ${token}` },
});
if (!answer.ok) throw new Error(`Kubernetes answers ${answer.status} when asked for the machine ${MACHINE}`);
const { addresses = [] } = (await answer.json()).status;
const address = KINDS.map((kind) => addresses.find(({ type }) => type === kind)).find(Boolean)?.address;
if (!address) throw new Error(`The machine ${MACHINE} has no address`);
await writeFile(process.argv[2], address);
console.log(`People reach this machine at ${address}`);
