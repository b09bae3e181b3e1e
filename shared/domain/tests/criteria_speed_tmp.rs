use ripen_domain::criteria::*;
fn hwm() -> u64 { std::fs::read_to_string("/proc/self/status").unwrap().lines().find(|l| l.starts_with("VmHWM")).unwrap().split_whitespace().nth(1).unwrap().parse().unwrap() }
fn cpu() -> f64 { let s = std::fs::read_to_string("/proc/self/stat").unwrap(); let v: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect(); (v[11].parse::<f64>().unwrap() + v[12].parse::<f64>().unwrap()) / 100.0 }
#[test]
fn memory() {
    let which: usize = std::env::var("W").unwrap().parse().unwrap();
    let cond = |c: &str| format!("name='x'\n[[question]]\nid='a'\nask='?'\ntype='number'\n[grades]\nA=1\nB=0\n{}", (0..500).map(|n| format!("[[rule]]\nid='r{n}'\nbecause='y'\npoints=1\nwhen='''{c}'''\n")).collect::<String>());
    let (w, d): (&str, String) = [
        ("tokens", format!("a = [{}]", "1,".repeat(14_000))),
        ("errors", "a\n".repeat(14_000)),
        ("keys", (0..6_000).map(|n| format!("k{n}=1\n")).collect()),
        ("rules", "[[rule]]\n".repeat(4_000)),
        ("tables", (0..5000).map(|n| format!("[a{n}]\n")).collect()),
        ("inline", format!("a=[{}]", "{a=1},".repeat(4_200))),
        ("bad conditions", cond("answers.b > 1 && lead.chanel == 1 || bugdet == 3 || lead.agge > answers.x && answers.d + answers.e == answers.f * 3")),
        ("long", cond(&"answers.a==1||".repeat(33).trim_end_matches('|').to_string())),
        ("quoted", format!("a = {}", "\"".repeat(250_000))),
        ("errs2", "= = = = =\n".repeat(5_000)),
        ("errs3", "]".repeat(29_000)),
        ("errs4", "a=[".repeat(8)+ &"}".repeat(29_000)),
        ("empty", "".into()),
    ].into_iter().nth(which).unwrap();
    let before = hwm();
    let t = cpu();
    let r = Criteria::load(&d);
    println!("{w}: {} bytes, {} KiB more, {:.2}s, {:?}", d.len(), hwm() - before, cpu() - t, r.map(|_| ()).map_err(|m| (m.len(), m[0].to_string())));
}
