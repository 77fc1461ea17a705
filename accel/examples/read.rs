//! tmp
use asap_accel::*;
use std::hint::black_box;
use std::time::Instant;
fn enc(b: &[u8]) -> String {
    let al = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut o = String::new();
    for c in b.chunks(3) {
        let v = (c[0] as u32) << 16 | (*c.get(1).unwrap_or(&0) as u32) << 8 | *c.get(2).unwrap_or(&0) as u32;
        for i in 0..=c.len() { o.push(al[(v >> (18 - 6 * i) & 63) as usize] as char); }
    }
    o
}
fn main() {
    let tokens: Vec<String> = (0..std::env::var("ONCE").map_or(256, |_| 1)).map(|n| {
        let h = r#"{"alg":"RS256","kid":"micros/service-a/key-2026-11","typ":"JWT"}"#;
        let p = format!(r#"{{"iss":"micros/service-a","sub":"micros/service-a","aud":"micros/service-b","iat":1795000000,"nbf":1795000000,"exp":1795000060,"jti":"6f1d2c3b-8a90-4e5f-b7c6-{n:012x}"}}"#);
        let sig: Vec<u8> = (0..256u32).map(|i| (i * 7 + n) as u8).collect();
        format!("{}.{}.{}", enc(h.as_bytes()), enc(p.as_bytes()), enc(&sig))
    }).collect();
    eprintln!("{} bytes", tokens[0].len());
    let mut room = PlainRoom::new();
    let mut room2 = PlainRoom::new();
    if std::env::var("NA").is_err() { for t in &tokens { let a = PlainToken::read(t.as_bytes(), &mut room); assert!(a.is_some()); assert!(a == PlainToken::read_portably(t.as_bytes(), &mut room2)); } }
    if let Ok(n) = std::env::var("ONCE") { for _ in 0..n.parse::<usize>().unwrap() { black_box(PlainToken::read(black_box(tokens[0].as_bytes()), &mut room)); } return; }
    let mut s = vec![];
    for _ in 0..std::env::var("RND").map_or(400, |v| v.parse().unwrap()) {
        let st = Instant::now();
        for _ in 0..20 { for t in &tokens { black_box(PlainToken::read(black_box(t.as_bytes()), &mut room)); } }
        s.push(st.elapsed().as_nanos() as f64 / 5120.0);
    }
    s.sort_by(f64::total_cmp);
    println!("stage 0 read min {:.1} median {:.1}", s[0], s[s.len()/2]);
    let mut s = vec![];
    for _ in 0..200 {
        let st = Instant::now();
        let mut x = 1u64;
        for i in 0..100000u64 { x = black_box(x.wrapping_mul(i | 3)); }
        black_box(x);
        s.push(st.elapsed().as_nanos() as f64 / 100000.0);
    }
    s.sort_by(f64::total_cmp);
    println!("mul+ld/st chain {:.2} ns", s[0]);
}
