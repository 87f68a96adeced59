// How much of a conversation the server keeps: what its operator says, or whoever runs the room. The stricter one counts.

export interface Kept {
  days: number // 0 here and below: no matter
  messages: number
  bytes: number // of what the messages say
}

/** What holds of two limits as they were told. */
export function kept(...told: unknown[]): Kept {
  const least = (of: keyof Kept) => {
    const all = told.map((k) => (k as Partial<Record<string, unknown>> | null | undefined)?.[of]).filter((n): n is number => typeof n === 'number' && n > 0)
    return all.length > 0 ? Math.min(...all) : 0
  }
  return { days: least('days'), messages: least('messages'), bytes: least('bytes') }
}
