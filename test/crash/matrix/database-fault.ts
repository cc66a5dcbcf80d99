import { setTimeout as pause } from 'node:timers/promises'
import type { Mariadb } from '../../support/peers/mariadb.ts'
import type { Fault } from './fault.ts'

/** The database is killed in the middle of the load, after some milliseconds, and comes back a second later. */
export function databaseKilled(database: Mariadb, after: number): Fault {
  return inTheMiddle('MariaDB killed, 1 s later there again', after, async () => {
    await database.kill9()
    await pause(1_000)
    await database.restart()
  })
}

/** The database does not answer for two seconds. */
export function databaseStopped(database: Mariadb, after: number): Fault {
  return inTheMiddle('MariaDB silent for 2 s', after, async () => {
    database.pause()
    await pause(2_000)
    database.resume()
  })
}

function inTheMiddle(what: string, after: number, trouble: () => Promise<void>): Fault {
  return {
    what,
    where: 'any',
    when: `${after} ms`,
    async befall() {
      const over = pause(after).then(trouble)
      // Whoever detaches hears of a failure.
      over.catch(() => undefined)
      return { detach: () => over }
    },
  }
}
