/**
 * What is wrong with a Kubernetes manifest, by the schema of its kind: wrong values, and fields that do not exist, such as a
 * name with a letter missing. Kubernetes itself leaves those out and says nothing. `kubeconform` does the same, and is neither in
 * npm nor in Debian.
 * @param {{ prototype: { validate(): void } }} Model of the manifest's kind, from kubernetes-models
 * @param {object} manifest as parsed from YAML
 * @returns {string[]} one line for each fault, empty when there is none
 */
export function manifestFaults(Model, manifest) {
  const fields = new Map();
  try {
    // The schemas let unknown fields pass, but look at each that they know: those that nobody looked at are unknown.
    Model.prototype.validate.call(watched(manifest, '', fields));
  } catch (error) {
    return [error.message];
  }
  return [...fields].filter(([, seen]) => !seen).map(([path]) => `${path} is not known`);
}

/** The same object, which notes in `fields` for each path of it whether that was looked at. */
function watched(node, path, fields) {
  if (typeof node !== 'object' || node === null) return node;
  const children = new Map();
  for (const [key, value] of Object.entries(node)) {
    fields.set(`${path}/${key}`, false);
    children.set(key, watched(value, `${path}/${key}`, fields));
  }
  return new Proxy(node, {
    get(target, key) {
      if (typeof key === 'symbol' || !children.has(key)) return Reflect.get(target, key);
      fields.set(`${path}/${key}`, true);
      return children.get(key);
    },
  });
}
