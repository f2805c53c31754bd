"""Web archives and pages for tests, written by warcio: not the library that reads them."""

from __future__ import annotations

import io
from collections.abc import Iterable


def page(text: str, head: str = "") -> str:
    """A page whose main text holds `text`, long enough for any extractor."""
    body = "".join(
        f"<p>{text}. 나는 약이 올라 지게막대기를 메고 달려들어 점순네 닭을 헛매질로 떼어 놓았다.</p>" for _ in range(5)
    )
    return f"<html><head>{head}<title>동백꽃</title></head><body><article><h1>동백꽃</h1>{body}</article></body></html>"


def write_warc(pages: Iterable[tuple[str, bytes, str]], gz: bool = False, requests: bool = True) -> bytes:
    """(URL, body, content type) as request, response and metadata records, each a gzip member of its own if `gz`."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    target = io.BytesIO()
    writer = WARCWriter(target, gzip=gz)
    for url, body, media in pages:
        headers = [("Content-Type", media), ("Content-Length", str(len(body)))]
        answer = StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1")
        response = writer.create_warc_record(url, "response", io.BytesIO(body), len(body), http_headers=answer)
        response.rec_headers.replace_header("WARC-Record-ID", f"<urn:test:{url}>")
        response.rec_headers.replace_header("WARC-Date", "2020-01-01T00:00:00Z")
        if requests:
            asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "a.kr")], is_http_request=True)
            writer.write_record(writer.create_warc_record(url, "request", http_headers=asked))
        writer.write_record(response)
        if requests:
            writer.write_record(writer.create_warc_record(url, "metadata", io.BytesIO(b"a: 1\r\n"), 6))
    return target.getvalue()


def wet(texts: Iterable[tuple[str, str]]) -> bytes:
    """(URL, text) as conversion records of a gzip file."""
    from warcio.warcwriter import WARCWriter

    target = io.BytesIO()
    writer = WARCWriter(target, gzip=True)
    for url, text in texts:
        data = text.encode()
        record = writer.create_warc_record(
            url, "conversion", io.BytesIO(data), len(data), warc_content_type="text/plain"
        )
        writer.write_record(record)
    return target.getvalue()
