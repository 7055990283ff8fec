import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './port.mjs';

/** A real nginx with our configuration, a page of a few bytes, and a server that answers with the path it was asked for. */
export class NginxSite {
  #nginx;
  #folder;
  #upstream;
  #port;

  /**
   * @param {string} conf text of web/nginx.conf
   * @param {string} index text of the page
   * @param {Record<string, string>} environment of the container
   */
  static async create(conf, index, environment) {
    const site = new NginxSite();
    site.#upstream = createServer((req, res) => res.setHeader('content-type', 'text/plain').end(req.url)).listen(0);
    site.#port = await freePort();
    site.#folder = mkdtempSync(join(tmpdir(), 'tribune-nginx-'));
    const page = join(site.#folder, 'page');
    mkdirSync(join(page, 'assets'), { recursive: true });
    writeFileSync(join(page, 'index.html'), index);
    writeFileSync(join(page, 'assets', 'x.js'), '// x');
    const filled = conf
      .replace(/\$\{(\w+)\}/g, (_all, name) => environment[name])
      .replace('listen 80;', `listen 127.0.0.1:${site.#port};`)
      .replace('listen [::]:80;', '')
      .replace('/usr/share/nginx/html', page)
      .replaceAll(/\$(tribune|live);/g, `http://127.0.0.1:${site.#upstream.address().port};`);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${site.#folder}/${name};`,
    );
    const main = `daemon off; pid ${site.#folder}/pid; error_log stderr; events {} http { access_log off; ${temporary.join(' ')}\n${filled}\n}`;
    writeFileSync(join(site.#folder, 'nginx.conf'), main);
    // Its workers are of another user where this one is root.
    chmodSync(site.#folder, 0o755);
    site.#nginx = spawn('nginx', ['-c', join(site.#folder, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'inherit'] });
    await site.#untilItAnswers();
    return site;
  }

  async #untilItAnswers() {
    for (let tries = 0; tries < 100; tries++) {
      const answer = await fetch(`http://127.0.0.1:${this.#port}/`).catch(() => null);
      if (answer?.ok) return;
      await sleep(100);
    }
    throw new Error('nginx did not come up');
  }

  async read(path) {
    return (await fetch(`http://127.0.0.1:${this.#port}${encodeURI(path).replaceAll('%25', '%')}`)).text();
  }

  async close() {
    this.#nginx.kill('SIGQUIT');
    await once(this.#nginx, 'exit');
    this.#upstream.close();
    rmSync(this.#folder, { recursive: true });
  }
}
