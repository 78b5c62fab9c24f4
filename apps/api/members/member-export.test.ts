import { csvRecord } from './member-export';

describe('a CSV record', () => {
  test.each([
    [['a', 'b'], 'a,b\r\n'],
    [['', null], ',\r\n'],
    [['a,b', 'say "x"'], '"a,b","say ""x"""\r\n'],
    [['one\r\ntwo', 'a\nb'], '"one\r\ntwo","a\nb"\r\n'],
    [['=1+1', '+49', '-1', '@SUM(A1)'], "'=1+1,'+49,'-1,'@SUM(A1)\r\n"],
    [['\tx', '\rx', '\nx'], '\'\tx,"\'\rx","\'\nx"\r\n'],
    [['=HYPERLINK("http://a","b")'], '"\'=HYPERLINK(""http://a"",""b"")"\r\n'],
    [['a=b', 'x@y.z', ' =1', 'ünï'], 'a=b,x@y.z, =1,ünï\r\n'],
  ])('%j', (cells, text) => {
    expect(csvRecord(cells)).toBe(text);
  });
});
