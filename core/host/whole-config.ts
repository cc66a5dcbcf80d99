import { ConfigError } from '../errors.ts'
import type { Store } from '../services/store.ts'
import { keysOf, type ListenRequest, placeOf } from './listeners.ts'

/** ConfigError where two plugins want to listen on the same place. */
export function checkListeners(requests: readonly ListenRequest[]): void {
  const taken = new Map<string, string>()
  for (const [index, key] of keysOf(requests).entries()) {
    const { plugin = '', options = {} } = requests[index] ?? {}
    const other = taken.get(key)
    if (other !== undefined)
      throw new ConfigError('plugins', `${other} and ${plugin} both listen on ${placeOf(options)}`)
    taken.set(key, plugin)
  }
}

/** ConfigError where several workers would have a store that is for one process. */
export function checkWorkers(workers: number, store: Store | undefined): void {
  if (workers > 1 && store?.supports.shared === false)
    throw new ConfigError('workers', 'must be 1 with this store, which is for one process')
}
