import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { LineClient } from '../line-client.ts'
import { environment, runProcess } from '../run-process.ts'
import type { UnpackedPeer } from './peers.ts'

/** A Roundcube of one user, whose browser is curl. */
export interface Roundcube extends AsyncDisposable {
  /** Logs in; fails where Roundcube shows its login again. */
  login(user: string, password: string): Promise<void>
  /** A page of a task, such as `_action=show&_uid=1&_mbox=INBOX`. */
  page(query: string): Promise<string>
  /** What the page's scripts would ask for; the answer as JSON text. */
  ask(query: string): Promise<string>
  /** Does something, as a form or a script would. */
  post(query: string, fields: Readonly<Record<string, string>>): Promise<string>
}

export interface RoundcubeOptions {
  readonly imapPort: number
  /** Where it hands in what the user sends: a server that takes everything without a login. */
  readonly smtpPort: number
}

/** Starts one in a folder, with PHP's own web server. */
export async function startRoundcube(
  { root }: UnpackedPeer,
  folder: string,
  options: RoundcubeOptions,
): Promise<Roundcube> {
  const home = join(folder, 'roundcube')
  await makeInstallation(root, home, options)
  const port = await freePort()
  const php = await phpProgram(root)
  const settings = await phpSettings(root, home)
  await runProcess(php, [...settings, '-r', fillDatabase], { folder: home })
  const child = spawn(
    php,
    [...settings, '-S', `127.0.0.1:${port}`, '-t', join(root, 'usr/share/roundcube')],
    {
      cwd: home,
      env: environment({ ROUNDCUBE_CONFIG_DIR: join(home, 'config') }),
      stdio: 'ignore',
    },
  )
  await listening(child, port)
  const browser = new Browser(home, `http://127.0.0.1:${port}/`)
  return {
    login: (user, password) => browser.login(user, password),
    page: (query) => browser.get(query),
    ask: (query) => browser.get(`${query}&_remote=1`),
    post: (query, fields) => browser.post(query, fields),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return
      child.kill()
      await once(child, 'exit')
    },
  }
}

/** What Debian spreads over the system, in one folder. */
async function makeInstallation(root: string, home: string, options: RoundcubeOptions): Promise<void> {
  for (const name of ['config', 'logs', 'temp']) await mkdir(join(home, name), { recursive: true })
  for (const name of ['program', 'SQL', 'plugins', 'skins'])
    await symlink(join(root, 'usr/share/roundcube', name), join(home, name))
  for (const name of ['defaults.inc.php', 'mimetypes.php'])
    await copyFile(join(root, 'etc/roundcube', name), join(home, 'config', name))
  await writeFile(join(home, 'config/config.inc.php'), configText(home, options))
  await writeFile(join(home, 'prepend.php'), `<?php define('INSTALL_PATH', ${phpText(`${home}/`)});`)
}

function configText(home: string, { imapPort, smtpPort }: RoundcubeOptions): string {
  return `<?php
$config = [];
$config['db_dsnw'] = ${phpText(`sqlite:///${home}/roundcube.sqlite?mode=0600`)};
$config['imap_host'] = 'localhost:${imapPort}';
$config['smtp_host'] = 'localhost:${smtpPort}';
$config['smtp_user'] = '';
$config['smtp_pass'] = '';
$config['des_key'] = 'abcdefghijklmnopqrstuvwx';
$config['plugins'] = [];
$config['skin'] = 'elastic';
$config['mail_domain'] = 'example.org';
$config['drafts_mbox'] = 'Drafts';
$config['sent_mbox'] = 'Sent';
$config['create_default_folders'] = true;
$config['ip_check'] = false;
$config['log_driver'] = 'file';
$config['log_dir'] = ${phpText(join(home, 'logs'))};
$config['temp_dir'] = ${phpText(join(home, 'temp'))};
$config['enable_spellcheck'] = false;
$config['mime_types'] = ${phpText(join(home, 'config/mimetypes.php'))};
`
}

const fillDatabase =
  "$db = new PDO('sqlite:roundcube.sqlite'); $db->exec(file_get_contents('SQL/sqlite.initial.sql'));"

function phpText(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`
}

/** PHP is unpacked too, unless the machine had it. */
async function phpProgram(root: string): Promise<string> {
  const programs = join(root, 'usr/bin')
  const name = (await readdir(programs)).find((each) => /^php\d+\.\d+$/.test(each))
  return name === undefined ? 'php' : join(programs, name)
}

/** Extensions, each from where it was unpacked to or the machine has it; those that need others come after them. */
async function phpSettings(root: string, home: string): Promise<readonly string[]> {
  const [version = ''] = (await readdir(join(root, 'usr/lib/php'))).filter((name) => /^\d{8}$/.test(name))
  const extensions =
    'ctype dom exif fileinfo iconv intl mbstring pdo pdo_sqlite posix simplexml sockets sqlite3 tokenizer xml xmlwriter'
  const extensionFile = (name: string): string => {
    const file = join('usr/lib/php', version, `${name}.so`)
    return existsSync(join(root, file)) ? join(root, file) : join('/', file)
  }
  const settings = [
    ...extensions.split(' ').map((name) => `extension=${extensionFile(name)}`),
    `include_path=.:${join(root, 'usr/share/php')}`,
    `auto_prepend_file=${join(home, 'prepend.php')}`,
    `session.save_path=${join(home, 'temp')}`,
    'date.timezone=UTC',
    'display_errors=0',
  ]
  return ['-n', ...settings.flatMap((setting) => ['-d', setting])]
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  while (child.exitCode === null) {
    try {
      const client = await LineClient.open(port)
      client.close()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
  throw new Error('PHP has ended')
}

/** curl with a jar of cookies, and the token that Roundcube wants back. */
class Browser {
  readonly #home: string
  readonly #url: string
  #token = ''

  constructor(home: string, url: string) {
    this.#home = home
    this.#url = url
  }

  async get(query: string): Promise<string> {
    return await this.#curl(query, ['-H', `X-Roundcube-Request: ${this.#token}`])
  }

  async post(query: string, fields: Readonly<Record<string, string>>): Promise<string> {
    const all = { ...fields, _token: this.#token }
    const words = Object.entries(all).flatMap(([name, value]) => ['--data-urlencode', `${name}=${value}`])
    return await this.#curl(query, [...words, '-H', `X-Roundcube-Request: ${this.#token}`])
  }

  async login(user: string, password: string): Promise<void> {
    this.#noteToken(await this.get('_task=login'))
    const fields = { _task: 'login', _action: 'login', _user: user, _pass: password }
    const page = await this.post('_task=login', fields)
    this.#noteToken(page)
    if (page.includes('name="_pass"')) throw new Error(await this.#failure())
  }

  async #curl(query: string, words: readonly string[]): Promise<string> {
    const jar = join(this.#home, 'cookies')
    const argv = ['-sS', '-L', '-b', jar, '-c', jar, ...words, `${this.#url}?${query}`]
    const { code, stdout, stderr } = await runProcess('curl', argv, { folder: this.#home })
    if (code !== 0) throw new Error(stderr)
    return stdout
  }

  #noteToken(page: string): void {
    this.#token = /"request_token":"([^"]+)"/.exec(page)?.[1] ?? this.#token
  }

  async #failure(): Promise<string> {
    const log = join(this.#home, 'logs/errors.log')
    return await readFile(log, 'utf8').catch(() => 'Roundcube shows its login again')
  }
}
