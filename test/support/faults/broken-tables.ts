/** A pair of tables, `one` and `two`, that are broken, and say so only once both of them are being checked. */
export function brokenTables() {
  const begun: string[] = []
  const both = Promise.withResolvers<void>()
  const broken = (name: string) => ({
    lookUp: async () => undefined,
    async check() {
      if (begun.push(name) === 2) both.resolve()
      await both.promise
      throw new Error(`${name} is broken`)
    },
  })
  return [broken('one'), broken('two')] as const
}
