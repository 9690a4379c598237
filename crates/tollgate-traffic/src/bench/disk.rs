//! Where the measured database lies: on a disk, because a flush into memory costs nothing.

use std::path::{Path, PathBuf};

/// Memory that looks like a disk.
const IN_MEMORY: &[&str] = &["tmpfs", "ramfs", "devtmpfs"];

/// The first folder that can be written to and is on a disk: beside the program, here, or where
/// temporary files go. If all are in memory, the last one, and the caller says so.
pub fn folder() -> PathBuf {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|exe| exe.parent().map(Path::to_owned));
    let candidates: Vec<PathBuf> = beside
        .into_iter()
        .chain(std::env::current_dir())
        .chain([std::env::temp_dir()])
        .filter(|folder| tempfile::tempfile_in(folder).is_ok())
        .collect();
    let on_disk = candidates.iter().find(|folder| !is_in_memory(folder));
    on_disk
        .or(candidates.last())
        .cloned()
        .unwrap_or_else(std::env::temp_dir)
}

/// The file system there keeps nothing on a disk. Unknown counts as a disk.
pub fn is_in_memory(folder: &Path) -> bool {
    file_system(folder).is_some_and(|kind| IN_MEMORY.contains(&kind.as_str()))
}

/// The kind of file system a folder is on, as the kernel calls it.
pub(super) fn file_system(folder: &Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    kind_at(&mounts, &folder.canonicalize().ok()?)
}

/// The kind of the innermost mount over `folder`; of equal ones the last, which hides the others.
fn kind_at(mounts: &str, folder: &Path) -> Option<String> {
    let mount = |line: &str| {
        let (place, kind) = line.split_once(" - ")?;
        let point = PathBuf::from(place.split(' ').nth(4)?.replace("\\040", " "));
        folder.starts_with(&point).then(|| {
            (
                point.components().count(),
                kind.split(' ').next().unwrap_or_default().to_owned(),
            )
        })
    };
    mounts
        .lines()
        .filter_map(mount)
        .max_by_key(|(depth, _)| *depth)
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_mount_counts() {
        let mounts = "\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:20 / /tmp rw shared:2 - tmpfs tmpfs rw
24 22 0:21 / /my\\040disk rw - xfs /dev/vdb rw
";
        for (folder, kind) in [
            ("/home/a", "ext4"),
            ("/tmp/x/y", "tmpfs"),
            ("/tmpx", "ext4"),
            ("/my disk/z", "xfs"),
        ] {
            assert_eq!(
                kind_at(mounts, Path::new(folder)).as_deref(),
                Some(kind),
                "{folder}"
            );
        }
        assert_eq!(kind_at("", Path::new("/")), None);
    }
}
