import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { AuditReport } from '../../src/audit/finding.ts'
import { auditHtml } from '../../src/report/audit/html.ts'
import { cleanReport, hostileReport, report } from '../unit/audit/fixture.ts'
import { Browser, findChromium, type Page } from './chromium.ts'

const program = findChromium()
const folder = mkdtempSync(join(tmpdir(), 'provision-html-'))
afterAll(() => rmSync(folder, { recursive: true }))

const sizes = {
  phone: { width: 390, height: 844 },
  desk: { width: 1280, height: 900 },
}
const reports = { 'fifteen findings': report(), clean: cleanReport(), hostile: hostileReport() }

describe.skipIf(!program)('the HTML report in a real browser', () => {
  let browser: Browser
  beforeAll(() => {
    browser = new Browser(program ?? '')
  })
  afterAll(() => browser.close())
  afterEach(() => opened?.send('Page.close'))

  let opened: Page | undefined
  async function open(of: AuditReport, size = sizes.phone) {
    const file = join(folder, 'report.html')
    writeFileSync(file, auditHtml(of))
    const url = pathToFileURL(file).href
    opened = await browser.open(url, size)
    return { url, page: opened }
  }

  for (const [name, of] of Object.entries(reports))
    for (const [device, size] of Object.entries(sizes))
      test(`${name}, on a ${device}: nothing is loaded, nothing complains, nothing is wider than the screen`, async () => {
        const { page, url } = await open(of, size)
        expect(page.requests.filter((request) => request !== 'data:,')).toEqual([url])
        expect(page.complaints).toEqual([])
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(size.width)
        expect(await page.evaluate('document.compatMode')).toBe('CSS1Compat')
      })

  test('findings and matrix are all there, and what is wrong in the matrix is marked', async () => {
    const { page } = await open(report())
    expect(await page.evaluate('document.querySelectorAll(".seen").length')).toBe(15)
    expect(await page.evaluate('document.querySelectorAll(".reach tbody tr").length')).toBe(15)
    expect(await page.evaluate('document.querySelectorAll("td.exposed").length')).toBe(3)
    expect(await page.evaluate('document.querySelectorAll("td.blocked").length')).toBe(1)
  })

  test('the first column of the matrix stays in sight on a phone', async () => {
    const { page } = await open(report())
    const left = 'document.querySelector(".reach tbody th").getBoundingClientRect().left'
    const before = await page.evaluate(left)
    await page.evaluate('document.querySelector(".reach").parentElement.scrollLeft = 200')
    expect(await page.evaluate('document.querySelector(".reach").parentElement.scrollLeft')).toBeGreaterThan(
      0,
    )
    expect(Math.abs(Number(await page.evaluate(left)) - Number(before))).toBeLessThan(2)
  })

  test('hostile text is text: no element comes of it, and it is seen as it was written', async () => {
    const { page } = await open(hostileReport())
    expect(await page.evaluate('document.querySelectorAll("script, img, a, iframe, failure").length')).toBe(0)
    const text = String(await page.evaluate('document.body.innerText'))
    expect(text).toContain('<script>alert(1)</script>')
    expect(text).toContain('\\u001b[2J')
    expect(text).not.toMatch(/\p{Cf}/u)
  })

  test('it prints', async () => {
    const { page } = await open(report())
    const { data } = await page.send('Page.printToPDF')
    expect(Buffer.from(String(data), 'base64').subarray(0, 5).toString()).toBe('%PDF-')
  })
})
