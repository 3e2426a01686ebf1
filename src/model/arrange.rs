//! Large items into an order that was worked out on their places.

/// Brings to each place the item that `order` names for it by the place where it lies: each place is named once. No item is
/// copied but those that change places, and no memory is taken.
pub(crate) fn arrange<T>(items: &mut [T], mut order: Vec<usize>) {
    // Circle by circle: the item for a place comes there, then the one for the place that it left, and so on.
    for start in 0..order.len() {
        let mut at = start;
        while order[at] != start {
            let from = std::mem::replace(&mut order[at], at);
            items.swap(at, from);
            at = from;
        }
        order[at] = at;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn items_come_to_the_places_that_name_them(order in Just((0..20_usize).collect::<Vec<_>>()).prop_shuffle()) {
            let mut items: Vec<usize> = (100..120).collect();
            let wanted: Vec<usize> = order.iter().map(|place| place + 100).collect();
            arrange(&mut items, order);
            prop_assert_eq!(items, wanted);
        }
    }
}
