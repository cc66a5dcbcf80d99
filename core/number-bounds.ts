/** Bounds of a number option. */
export interface NumberBounds {
  readonly min?: number
  readonly max?: number
}

export function within(value: number, { min, max }: NumberBounds): boolean {
  return (min === undefined || value >= min) && (max === undefined || value <= max)
}

/** ` from 1 to 5`; empty where there are none. */
export function boundsText({ min, max }: NumberBounds, show: (bound: number) => string = String): string {
  if (min !== undefined && max !== undefined) return ` from ${show(min)} to ${show(max)}`
  if (min !== undefined) return ` from ${show(min)}`
  return max === undefined ? '' : ` up to ${show(max)}`
}
