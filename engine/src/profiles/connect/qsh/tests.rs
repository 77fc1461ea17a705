//! The rules, one by one, on requests that are written out. The published vectors are in `tests/connect_vectors.rs`.

use super::*;

fn base(path: &str) -> BaseUrl {
    BaseUrl::parse(&format!("https://app.example{path}")).unwrap()
}

fn canonical_of(method: &str, target: &str, base_path: &str) -> String {
    canonical(&ConnectRequest::new(method, target), &base(base_path)).unwrap()
}

/// A hash of the names in JavaScript's order.
fn hash_in_order_of_javascript(target: &str) -> String {
    let request = ConnectRequest::new("GET", target);
    let mut parameters = Parameters::new();
    parameters.read(request.query()).unwrap();
    parameters.sort(NameOrder::Decoded);
    let mut out = Vec::new();
    write(&request, &base(""), &parameters, &mut out);
    sha256_hex(&out).into_iter().map(char::from).collect()
}

#[test]
fn the_path_is_taken_as_it_is_spelled() {
    for (target, path) in [
        ("", "/"),
        ("/", "/"),
        ("//", "/"),
        ("/p/", "/p"),
        ("/p//", "/p/"),
        ("/a/../b/./c", "/a/../b/./c"),
        ("/%2f%2F//x", "/%2f%2F//x"),
        ("/a&b&&c&", "/a%26b%26%26c%26"),
        ("/it's!$()*+,;=:@", "/it's!$()*+,;=:@"),
        ("/\u{fc}", "/\u{fc}"),
    ] {
        assert_eq!(canonical_of("GET", target, ""), format!("GET&{path}&"));
    }
}

#[test]
fn the_base_path_is_taken_off_first() {
    for (target, path) in [
        ("/base", "/"),
        ("/base/", "/"),
        ("/base/x/", "/x"),
        ("/basement", "/basement"),
        ("/x", "/x"),
    ] {
        assert_eq!(canonical_of("put", target, "/base"), format!("PUT&{path}&"));
    }
}

#[test]
fn parameters_are_decoded_sorted_and_encoded() {
    for (query, parameters) in [
        ("", ""),
        ("&&", ""),
        ("a", "a="),
        ("=", "="),
        ("=x", "=x"),
        ("a=b=c", "a=b%3Dc"),
        ("b=1&a=2", "a=2&b=1"),
        ("a=2&b=&a=1&a=10", "a=1,10,2&b="),
        ("a=x;b=y", "a=x%3Bb%3Dy"),
        ("a=%31&a=+1&a=%2C", "a=%201,%2C,1"),
        ("jwt=x&a=1&%6a%77%74=y&JWT=z", "JWT=z&a=1"),
        ("a=.2&a=%3A1&a=:2&a=.1", "a=.1,.2,%3A1,%3A2"),
        ("%61=1&a=2&b=3", "a=1,2&b=3"),
    ] {
        assert_eq!(
            canonical_of("GET", &format!("/?{query}"), ""),
            format!("GET&/&{parameters}"),
            "{query}"
        );
    }
    assert_eq!(canonical_of("GET", "/?a?b=?", ""), "GET&/&a%3Fb=%3F");
}

#[test]
fn values_are_ordered_by_units_of_utf_16_and_names_by_their_encoding() {
    let values = canonical_of("GET", "/?v=\u{ff5e}&v=\u{1f600}", "");
    assert_eq!(values, "GET&/&v=%F0%9F%98%80,%EF%BD%9E");
    assert_eq!(canonical_of("GET", "/?.1=a&:1=b", ""), "GET&/&%3A1=b&.1=a");
    assert_eq!(
        canonical_of("GET", "/?a-=1&a=2&a%20=3", ""),
        "GET&/&a=2&a%20=3&a-=1"
    );
}

#[test]
fn either_order_of_names_is_taken_and_no_third() {
    let target = "/?.1=a&:1=b&~=c&\u{fc}=d&\u{ff5e}=e&\u{1f600}=f";
    let request = ConnectRequest::new("GET", target);
    let one = request.query_hash(&base("")).unwrap();
    let other = hash_in_order_of_javascript(target);
    assert_ne!(one, other);
    for hash in [&one, &other] {
        assert_eq!(check(hash, &request, &base("")), Ok(Covered::Query));
    }
    let third = sha256_hex(b"GET&/&.1=a&%3A1=b&~=c&%F0%9F%98%80=f&%C3%BC=d&%EF%BD%9E=e");
    let third: String = third.into_iter().map(char::from).collect();
    let refused = Err(VerifyError::QueryHashMismatch);
    assert_eq!(check(&third, &request, &base("")), refused);
    assert_eq!(check(&one.to_uppercase(), &request, &base("")), refused);
    assert_eq!(check("", &request, &base("")), refused);
    assert_eq!(check(&one[..63], &request, &base("")), refused);
}

#[test]
fn a_form_is_part_of_the_request_and_it_shows_whether_it_was_signed() {
    let plain = ConnectRequest::new("POST", "/p?a=1");
    let with_form = plain.with_form(b"b=2&a=0&jwt=x");
    let base = base("");
    assert_eq!(canonical(&with_form, &base).unwrap(), "POST&/p&a=0,1&b=2");
    let (query_alone, all) = (
        plain.query_hash(&base).unwrap(),
        with_form.query_hash(&base).unwrap(),
    );
    assert_eq!(check(&query_alone, &plain, &base), Ok(Covered::Query));
    assert_eq!(check(&all, &with_form, &base), Ok(Covered::QueryAndForm));
    assert_eq!(
        check(&query_alone, &with_form, &base),
        Ok(Covered::QueryWithoutForm)
    );
    assert_eq!(
        check(&all, &plain, &base),
        Err(VerifyError::QueryHashMismatch)
    );
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    for query in ["a=%", "%zz=1", "a=%C3", "a=%00", "%ff"] {
        let target = format!("/?{query}");
        let request = ConnectRequest::new("GET", &target);
        assert_eq!(
            canonical(&request, &base("")),
            Err(VerifyError::RequestMalformed),
            "{query}"
        );
    }
    let request = ConnectRequest::new("POST", "/").with_form(b"a=\xff");
    assert_eq!(
        canonical(&request, &base("")),
        Err(VerifyError::RequestMalformed)
    );
}

#[test]
fn many_parameters_are_sorted_like_few_and_there_is_an_end() {
    let query = |count: usize| {
        let fields: Vec<_> = (0..count)
            .rev()
            .map(|at| format!("p{at:04}={at}"))
            .collect();
        format!("/?{}", fields.join("&"))
    };
    for count in [1, 23, 24, 25, 26, 1000] {
        let expected: Vec<_> = (0..count).map(|at| format!("p{at:04}={at}")).collect();
        assert_eq!(
            canonical_of("GET", &query(count), ""),
            format!("GET&/&{}", expected.join("&"))
        );
    }
    let target = query(1001);
    let request = ConnectRequest::new("GET", &target);
    assert_eq!(
        canonical(&request, &base("")),
        Err(VerifyError::RequestTooLarge)
    );
    let target = format!("/?a={}", "x".repeat(MAX_CONNECT_TARGET_LENGTH));
    let request = ConnectRequest::new("GET", &target);
    assert_eq!(
        canonical(&request, &base("")),
        Err(VerifyError::RequestTooLarge)
    );
    let form = vec![b'x'; MAX_CONNECT_BODY_LENGTH + 1];
    let request = ConnectRequest::new("POST", "/").with_form(&form);
    assert_eq!(
        canonical(&request, &base("")),
        Err(VerifyError::RequestTooLarge)
    );
}
