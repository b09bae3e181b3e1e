//! Making a cluster: all of it in a folder of another name, which then gets the real one.
//!
//! Whatever interrupts a first start leaves either nothing or a whole cluster, with its database in it.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use super::{
    EmbeddedError,
    binaries::Binaries,
    connection::{DATABASE, USER},
    identity::{self, RunAs},
    process,
};

const DRAFT: &str = "postgres.new-";
const LIMIT: Duration = Duration::from_secs(120);

/// Makes the cluster at `cluster`, inside the data folder.
pub(super) async fn create(binaries: &Binaries, identity: &RunAs, cluster: &Path) -> Result<(), EmbeddedError> {
    let data_dir = cluster.parent().unwrap_or(cluster);
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| EmbeddedError::file(path, source)
    };
    // Drafts of starts that were interrupted; the lock on the folder keeps others from having one now.
    remove_drafts(data_dir).map_err(failed(data_dir))?;
    let draft = data_dir.join(format!("{DRAFT}{}", std::process::id()));
    // Only for its owner: PostgreSQL refuses a folder that others can read.
    DirBuilder::new().mode(0o700).create(&draft).map_err(failed(&draft))?;
    if let Some(owner) = identity.owner() {
        identity::give(&draft, owner).map_err(failed(&draft))?;
    }
    initialise(binaries, identity, &draft).await?;
    // By name at last: until here a start that is interrupted leaves no cluster, and from here a whole one.
    fs::rename(&draft, cluster).map_err(failed(cluster))?;
    // initdb has synchronised the files; the new name lies in the folder above.
    File::open(data_dir).and_then(|folder| folder.sync_all()).map_err(failed(data_dir))
}

fn remove_drafts(data_dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(data_dir)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(DRAFT) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

async fn initialise(binaries: &Binaries, identity: &RunAs, draft: &Path) -> Result<(), EmbeddedError> {
    let mut initdb = Command::new(binaries.program("initdb"));
    // Trust, because the socket lies in a folder that only this user enters. The C locale sorts the same on every
    // machine, whatever its libraries are.
    initdb.arg("-D").arg(draft).args(["--username", USER, "--encoding=UTF8", "--locale=C", "--auth=trust"]);
    initdb.args(["--data-checksums", "--no-instructions"]).stdin(Stdio::null());
    run(initdb, identity, "initdb").await?;

    // The single-user server reads its statements from its standard input, so that no client program is needed.
    let failed = |source| EmbeddedError::file(draft, source);
    let (input, mut statement) = io::pipe().map_err(failed)?;
    writeln!(statement, "create database {DATABASE}").map_err(failed)?;
    // Closed, or the server would wait for more statements.
    drop(statement);
    let mut single = Command::new(binaries.program("postgres"));
    single.arg("--single").arg("-D").arg(draft).args(["-c", "log_checkpoints=off", "postgres"]).stdin(input);
    run(single, identity, "create database").await
}

async fn run(mut command: Command, identity: &RunAs, step: &'static str) -> Result<(), EmbeddedError> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = PathBuf::from(command.get_program());
    let output = process::run(command, identity, LIMIT).await;
    let output = output.map_err(|source| EmbeddedError::file(program, source))?;
    let said = String::from_utf8_lossy(&output.stderr);
    // The single-user server ends well even when its statement failed.
    let refused = ["ERROR:", "FATAL:", "PANIC:"].iter().any(|word| said.contains(word));
    if output.status.success() && !refused {
        return Ok(());
    }
    Err(EmbeddedError::Initialise { step, said: process::last_lines(&said) })
}
