/** What a provider says that it can do: which cases apply is read from that. */
export function abilitiesOf<Abilities extends object>(
  service: string,
  provider: { readonly supports: Abilities } | undefined,
): Abilities {
  if (provider === undefined) throw new TypeError(`the fixture has no \`${service}\``)
  const supports: Abilities | undefined = provider.supports
  if (typeof supports === 'object' && supports !== null) return supports
  throw new TypeError(`the \`${service}\` has no \`supports\`, which says what it can do`)
}
