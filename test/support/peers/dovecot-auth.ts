import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { environment, runProcess } from '../run-process.ts'
import type { MapServer } from './postfix-maps.ts'

/** The login service of a real Dovecot, without any protocol. */
export interface DovecotAuth extends AsyncDisposable {
  logIn(user: string, secret: string): Promise<boolean>
  /** The fields of the user database; undefined where there is no such user. */
  user(name: string): Promise<Readonly<Record<string, string>> | undefined>
}

export interface DovecotQueries {
  readonly passwordQuery: string
  readonly userQuery: string
}

const path = `${process.env.PATH}:/usr/sbin`

/** Starts Dovecot's own processes in a folder; they end when it is disposed of. */
export async function startDovecotAuth(
  folder: string,
  server: MapServer,
  { passwordQuery, userQuery }: DovecotQueries,
): Promise<DovecotAuth> {
  const home = join(folder, 'dovecot')
  await mkdir(home, { recursive: true })
  await chmod(folder, 0o755)
  const [config, sql] = [join(home, 'dovecot.conf'), join(home, 'sql.conf')]
  await writeFile(
    sql,
    [
      'driver = mysql',
      `connect = host=${server.socketPath} dbname=${server.database} user=${server.user} password=${server.password}`,
      `password_query = ${passwordQuery}`,
      `user_query = ${userQuery}`,
    ].join('\n'),
  )
  await writeFile(config, configText(home, sql))
  const child = spawn('dovecot', ['-F', '-c', config], { env: environment({ PATH: path }), stdio: 'ignore' })
  const socket = join(home, 'run', 'auth-client')
  for (let round = 0; !existsSync(socket) && round < 200; round++) {
    if (child.exitCode !== null) throw new Error(await readFile(join(home, 'log'), 'utf8'))
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  const doveadm = (words: readonly string[]) =>
    runProcess('doveadm', ['-c', config, ...words], { folder: home, env: { PATH: path } })
  return {
    async logIn(user, secret) {
      const { code, stdout, stderr } = await doveadm(['auth', 'test', user, secret])
      if (code !== 0 && code !== 77) throw new Error(stdout + stderr)
      return code === 0
    },
    async user(name) {
      const { code, stdout } = await doveadm(['user', name])
      if (code !== 0) return undefined
      const [, ...lines] = stdout.trimEnd().split('\n')
      return Object.fromEntries(lines.map((line) => line.split('\t') as [string, string]))
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return
      child.kill()
      await once(child, 'exit')
    },
  }
}

function configText(home: string, sql: string): string {
  return `base_dir = ${home}/run
state_dir = ${home}/state
log_path = ${home}/log
protocols =
ssl = no
mail_location = maildir:~/Maildir
auth_mechanisms = plain
auth_failure_delay = 0
first_valid_uid = 1
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = sql
  args = ${sql}
}
userdb {
  driver = sql
  args = ${sql}
}
`
}
