//! The web page at `/`, and GraphiQL at `/graphiql`: files in the binary, which ask no other host for anything.

mod encoding;
mod files;

use std::{future::ready, io::Read};

use actix_web::{
    HttpRequest, HttpResponse, Resource, Route,
    guard::{Any, Get, Head},
    http::{
        StatusCode,
        header::{self, EntityTag, Header, IfNoneMatch},
    },
    web::{ServiceConfig, resource, route},
};
use flate2::read::GzDecoder;

use self::{
    encoding::Encoding,
    files::{File, find},
};

/// What the page may do: run and load its own files, and talk to its own server. In CSP `'self'` is the WebSocket of the
/// same host too (Content Security Policy Level 3, section 6.7.2.8).
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The same for GraphiQL, whose editor writes its colours into style elements, brings fonts and pictures as data, and
/// checks documents in workers.
const GRAPHIQL_POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; \
     style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The names of these files change with their content.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Asked for each time, with an `ETag`.
const REVALIDATED: &str = "no-cache";

/// The page's paths.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(document("/", "index.html", PAGE_POLICY));
    for path in ["/graphiql", "/graphiql/"] {
        config.service(document(path, "graphiql.html", GRAPHIQL_POLICY));
    }
    // A worker keeps to the policy that came with its own file.
    let assets = read(|request| match find(request.path().trim_start_matches('/')) {
        Ok(Some(file)) => answer(request, file, FOREVER, GRAPHIQL_POLICY),
        Ok(None) | Err(_) => HttpResponse::NotFound().finish(),
    });
    config.service(resource("/assets/{name}").route(assets));
}

fn document(path: &str, file: &'static str, policy: &'static str) -> Resource {
    resource(path).route(read(move |request| match find(file) {
        Ok(Some(file)) => answer(request, file, REVALIDATED, policy),
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(reason) => without_page(reason),
    }))
}

/// A route that answers GET, and HEAD as GET.
fn read(handler: impl Fn(&HttpRequest) -> HttpResponse + Clone + 'static) -> Route {
    route().guard(Any(Get()).or(Head())).to(move |request: HttpRequest| ready(handler(&request)))
}

fn answer(request: &HttpRequest, file: &File, cache: &'static str, policy: &'static str) -> HttpResponse {
    let encoding = Encoding::negotiate(request.headers());
    // Each encoding is a representation with a tag of its own (RFC 9110, section 8.8.3.3).
    let tag = EntityTag::new_strong(format!("{}-{}", file.hash, encoding.name()));
    let known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        Err(_) => false,
    };
    let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = HttpResponse::build(status);
    response
        .insert_header(header::ETag(tag))
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header((header::VARY, "Accept-Encoding"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"))
        .insert_header((header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"))
        .insert_header((header::PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=()"))
        // For browsers that do not know `frame-ancestors`.
        .insert_header((header::X_FRAME_OPTIONS, "DENY"));
    if known {
        return response.finish();
    }
    response.content_type(file.media_type());
    match encoding {
        Encoding::Brotli => response.insert_header((header::CONTENT_ENCODING, "br")).body(file.brotli),
        Encoding::Gzip => response.insert_header((header::CONTENT_ENCODING, "gzip")).body(file.gzip),
        Encoding::Identity => match decompress(file.gzip) {
            Ok(content) => response.body(content),
            Err(error) => {
                tracing::error!(%error, path = file.path, "an embedded file is broken");
                HttpResponse::InternalServerError().finish()
            }
        },
    }
}

/// For the few clients that take nothing compressed.
fn decompress(gzip: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    GzDecoder::new(gzip).read_to_end(&mut content)?;
    Ok(content)
}

fn without_page(reason: &str) -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body(format!(
        "The API is at /graphql. This server was built without its web page: {reason}.\n\n\
         To get the page, install Node.js 20.19 or newer with npm, connect to the internet, and build again:\n\n    \
         cargo clean -p server && cargo build --release\n"
    ))
}

#[cfg(test)]
mod tests {
    use actix_web::{App, dev::ServiceResponse, test};

    use super::*;

    async fn get(path: &str, headers: &[(&str, &str)]) -> ServiceResponse {
        let app = test::init_service(App::new().configure(routes)).await;
        let request = headers
            .iter()
            .fold(test::TestRequest::get().uri(path), |request, header| request.insert_header(*header));
        test::call_service(&app, request.to_request()).await
    }

    #[actix_web::test]
    async fn a_server_without_the_page_tells_how_to_get_it() {
        let answer = without_page("it needs npm");
        assert_eq!(answer.status(), 404);
        let body = actix_web::body::to_bytes(answer.into_body()).await.expect("a body");
        let text = std::str::from_utf8(&body).expect("UTF-8");
        assert!(text.contains("it needs npm") && text.contains("cargo build"), "{text}");
    }

    #[actix_web::test]
    async fn the_root_is_the_page_or_tells_how_to_get_it() {
        let answer = get("/", &[]).await;
        match find("index.html") {
            Ok(_) => assert_eq!(answer.status(), 200),
            Err(reason) => {
                assert_eq!(answer.status(), 404);
                let body = test::read_body(answer).await;
                assert!(String::from_utf8_lossy(&body).contains(reason));
            }
        }
    }

    #[actix_web::test]
    async fn what_is_no_file_of_the_page_is_not_found() {
        for path in
            ["/assets/none.js", "/assets/..%2Findex.html", "/index.html", "/graphiql.html", "/assets/"]
        {
            assert_eq!(get(path, &[]).await.status(), 404, "{path}");
        }
    }
}
