import type { Clock, Database, DeliveryFlow } from 'mailwright'

/** What may happen to a process, as everything sees it that it uses. */
export interface Fate {
  readonly clock: Clock
  readonly isDead: boolean
  database(real: Database): Database
  delivery(real: DeliveryFlow): DeliveryFlow
  /** Nothing that it does has any effect any more, and it hears of nothing. */
  kill(): void
  /** Stands still until the answered call. */
  freeze(): () => void
}

const forever = new Promise<never>(() => undefined)

/** Of one process among others that have the same clock. */
export function fate(real: Clock): Fate {
  let isDead = false
  let thaw: PromiseWithResolvers<void> | undefined
  const late: (() => void)[] = []
  const run = (timer: () => void): void => {
    if (isDead) return
    if (thaw === undefined) timer()
    else late.push(timer)
  }
  /** A call to something outside: it neither begins nor ends while the process stands still. */
  const outside = async <T>(call: () => Promise<T>): Promise<T> => {
    await (isDead ? forever : thaw?.promise)
    try {
      return await call()
    } finally {
      await (isDead ? forever : thaw?.promise)
    }
  }
  return {
    clock: { ...real, after: (milliseconds, timer) => real.after(milliseconds, () => run(timer)) },
    get isDead() {
      return isDead
    },
    database: (database) => ({
      dialect: database.dialect,
      query: (each) => outside(() => database.query(each)),
      transaction: (each) => outside(() => database.transaction(each)),
    }),
    delivery: (delivery) => ({
      route: (question) => outside(() => delivery.route(question)),
      attempt: (attempt) => outside(() => delivery.attempt(attempt)),
      giveUp: (...about) => delivery.giveUp(...about),
    }),
    kill() {
      isDead = true
    },
    freeze() {
      thaw ??= Promise.withResolvers()
      return () => {
        thaw?.resolve()
        thaw = undefined
        for (const timer of late.splice(0)) timer()
      }
    },
  }
}
