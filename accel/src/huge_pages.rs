//! Asking for memory in huge pages before it is used.

use std::mem::MaybeUninit;

/// The size of a huge page on the processors at hand: x86-64, and AArch64 with pages of 4 KiB.
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 2 << 20;

/// Asks the system to lay out `memory`, which nobody has written to yet, in pages of 2 MiB: a table far larger than what
/// the processor's translation buffers cover is then reached with one miss less, or several in a virtual machine. Returns
/// whether the system took the hint; what lies in the memory is the same either way. `false` where the memory
/// is smaller than a huge page, and on systems other than Linux.
///
/// On Linux it is `madvise` with `MADV_HUGEPAGE`, for the huge pages that lie wholly in `memory`. It works at the first
/// write to each page, if `/sys/kernel/mm/transparent_hugepage/enabled` is not `never`.
pub fn prefer_huge_pages<T>(memory: &mut [MaybeUninit<T>]) -> bool {
    #[cfg(target_os = "linux")]
    {
        let start = memory.as_mut_ptr().cast::<u8>();
        let skipped = start.align_offset(HUGE_PAGE);
        let length = size_of_val(memory).saturating_sub(skipped) & !HUGE_PAGE.wrapping_sub(1);
        if length == 0 {
            return false;
        }
        let start = start.wrapping_add(skipped);
        // SAFETY: the advice changes how memory is laid out and nothing that is in it. The range lies within `memory`,
        // which is borrowed for this call.
        unsafe { libc::madvise(start.cast(), length, libc::MADV_HUGEPAGE) == 0 }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = memory;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_than_a_huge_page_is_left_alone() {
        assert!(!prefer_huge_pages::<u64>(&mut []));
        assert!(!prefer_huge_pages(
            Vec::<u64>::with_capacity(1000).spare_capacity_mut()
        ));
    }

    #[test]
    fn what_is_written_after_the_hint_is_there() {
        for start in [0, 1, 77] {
            let mut numbers = Vec::with_capacity(1 << 20);
            let spare: &mut [MaybeUninit<u64>] = numbers.spare_capacity_mut();
            prefer_huge_pages(&mut spare[start..]);
            numbers.extend(0..1 << 20);
            assert!(numbers.into_iter().eq(0..1 << 20));
        }
    }
}
