import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProcess } from '../run-process.ts'

/** Queries of Postfix's mysql maps, by the map's name. */
export type MapQueries = Readonly<Record<string, string>>

/** Look-up tables of a real Postfix, asked one key at a time. */
export interface PostfixMaps {
  /** Undefined where the table has nothing for the key. */
  lookUp(map: string, key: string): Promise<string | undefined>
}

export interface MapServer {
  readonly socketPath: string
  readonly user: string
  readonly password: string
  readonly database: string
}

/** Writes a configuration of its own, with nothing in it but the maps; no daemon runs. */
export async function postfixMaps(
  folder: string,
  server: MapServer,
  queries: MapQueries,
): Promise<PostfixMaps> {
  const config = join(folder, 'postfix')
  await mkdir(config, { recursive: true })
  await writeFile(join(config, 'main.cf'), 'compatibility_level = 3.6\nmyhostname = mail.example.net\n')
  for (const [name, query] of Object.entries(queries)) {
    const lines = [
      `hosts = unix:${server.socketPath}`,
      `user = ${server.user}`,
      `password = ${server.password}`,
      `dbname = ${server.database}`,
      `query = ${query}`,
    ]
    await writeFile(join(config, `${name}.cf`), `${lines.join('\n')}\n`, { mode: 0o600 })
  }
  return {
    async lookUp(map, key) {
      const words = ['-c', config, '-q', key, `mysql:${join(config, `${map}.cf`)}`]
      const { code, stdout, stderr } = await runProcess('postmap', words, {
        folder,
        env: { PATH: `${process.env.PATH}:/usr/sbin` },
      })
      if (stderr !== '') throw new Error(stderr)
      return code === 0 ? stdout.replace(/\n$/, '') : undefined
    },
  }
}
