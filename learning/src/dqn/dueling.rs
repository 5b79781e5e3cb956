//! Dueling networks (Wang et al., 2016): the value of a state, and by how much each action is better than the average.

use daladala_agents::network::MlpWeights;
use ndarray::{Array2, ArrayView2, Axis};

/// The network that gives action values. What makes them of a value and advantages is linear, and so becomes part of
/// the last layer: a checkpoint need not know how its network has learnt.
pub(super) fn folded(weights: &MlpWeights, is_dueling: bool) -> MlpWeights {
    let mut weights = weights.clone();
    if let (true, Some(last)) = (is_dueling, weights.layers.last_mut()) {
        last.weight = fold(last.weight.view());
        last.bias = fold(last.bias.view().insert_axis(Axis(1))).remove_axis(Axis(1));
    }
    weights
}

/// To each row but the first the first is added, and the mean of these taken away.
fn fold(rows: ArrayView2<f32>) -> Array2<f32> {
    let (value, advantages) = rows.split_at(Axis(0), 1);
    let mean = advantages.mean_axis(Axis(0)).expect("there is an action");
    &advantages + &(&value.row(0) - &mean)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};
    use daladala_agents::network::{Activation, FusedMlp, Mlp, values};
    use daladala_env::Generator;

    use super::*;

    #[test]
    fn a_folded_dueling_network_gives_the_same_values() {
        let mut generator = Generator::new(2, 0);
        let weights = MlpWeights::init(&[7, 16, 8, 5], Activation::Relu, 1.0, &mut generator);
        let observations: Vec<f32> = (0..3 * 7).map(|_| generator.uniform() * 2.0 - 1.0).collect();
        let device = Device::flex();
        let input = Tensor::from_data(TensorData::new(observations.clone(), [3, 7]), &device);
        let learnt = values(crate::loss::dueling(Mlp::new(&weights, &device).forward(input)));
        let mut acting = vec![0.0; 3 * 4];
        FusedMlp::new(&folded(&weights, true)).forward(&observations, &mut acting);
        for (learnt, acting) in learnt.iter().zip(acting) {
            assert!((learnt - acting).abs() < 1e-5, "{learnt} and {acting}");
        }
    }
}
