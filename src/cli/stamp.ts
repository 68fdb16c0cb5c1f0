/** Now, fit for a name of a file: `2027-01-31T03-00-00Z`. */
export function stamp(): string {
  return new Date().toISOString().replace(/\.\d+/, '').replaceAll(':', '-')
}
