//! What burn has written of an optimizer, looked through before burn is given it: it believes what it reads, and panics
//! over it later.

use burn::optim::OptimizerRecord;
use burn::tensor::{Bytes, DType};
use burn_pack::{Reader, Tensor, Writer};
use daladala_agents::network::MlpWeights;

/// Adam's numbers of a parameter, each of the parameter's shape.
const MOMENTS: [&str; 2] = ["momentum.moment_1", "momentum.moment_2"];
/// How many steps it has made.
const TIME: &str = "momentum.time";
/// How many dimensions the parameter has.
const RANK: &str = "__rank";

/// The record in `bytes`, if it is Adam's of a network of the shape of `weights`, with as many steps for each parameter or
/// none for all.
pub(super) fn read(bytes: Vec<u8>, weights: &MlpWeights) -> Result<OptimizerRecord, String> {
    let wrong = |why: String| format!("its optimizer: {why}");
    let shapes = shapes(weights);
    let reader = Reader::from_bytes(Bytes::from_bytes_vec(bytes)).map_err(|error| wrong(error.to_string()))?;
    let mut scalars = Vec::new();
    for (name, &value) in reader.scalars() {
        let (parameter, field) = place(name, &shapes).ok_or_else(|| wrong(format!("there is no '{name}'")))?;
        let number = usize::try_from(value).map_err(|_| wrong(format!("'{name}' is no whole number")))?;
        let fits = match field {
            RANK => number == shapes[parameter].len(),
            TIME => i32::try_from(number).is_ok(),
            _ => false,
        };
        if !fits {
            return Err(wrong(format!("'{name}' is {number}")));
        }
        scalars.push((name.clone(), value));
    }
    let mut tensors = Vec::new();
    for tensor in reader.into_tensors().map_err(|error| wrong(error.to_string()))? {
        let (name, dtype, shape, id, bytes) = tensor.into_parts().map_err(|error| wrong(error.to_string()))?;
        let (parameter, field) = place(&name, &shapes).ok_or_else(|| wrong(format!("there is no '{name}'")))?;
        let needed = &shapes[parameter];
        let numbers: usize = needed.iter().product();
        let fits = dtype == DType::F32
            && shape.as_slice() == needed.as_slice()
            && id == Some(parameter as u64)
            && bytes.len() == numbers * size_of::<f32>()
            && MOMENTS.contains(&field);
        if !fits {
            return Err(wrong(format!("'{name}' is not of its network")));
        }
        // Wherever it lay in the file.
        let bytes = Bytes::from_bytes_vec(bytes.to_vec());
        tensors.push(Tensor::new(name, dtype, shape, id, bytes));
    }
    // Names are there once, so with as many as there can be all are there.
    let whole = (MOMENTS.len() * shapes.len(), 2 * shapes.len());
    if ![whole, (0, 0)].contains(&(tensors.len(), scalars.len())) {
        return Err(wrong("some of it is missing".to_owned()));
    }
    let mut writer = Writer::new(tensors);
    for (name, value) in scalars {
        writer = writer.with_scalar(&name, value);
    }
    let bytes = writer.into_bytes().map_err(|error| wrong(error.to_string()))?;
    OptimizerRecord::from_bytes(bytes).map_err(|error| wrong(error.to_string()))
}

/// The shapes of all parameters, in the order of their numbers: burn keeps a column an output.
fn shapes(weights: &MlpWeights) -> Vec<Vec<usize>> {
    weights.layers.iter().flat_map(|layer| [vec![layer.inputs(), layer.outputs()], vec![layer.outputs()]]).collect()
}

/// The parameter and the field of a name such as `3.momentum.time`.
fn place<'a>(name: &'a str, shapes: &[Vec<usize>]) -> Option<(usize, &'a str)> {
    let (parameter, field) = name.split_once('.')?;
    let parameter = parameter.parse().ok().filter(|&parameter: &usize| parameter < shapes.len())?;
    // One parameter has one name: not 03.
    name.starts_with(&format!("{parameter}.")).then_some((parameter, field))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use burn::tensor::Device;
    use burn_pack::Scalar;
    use daladala_agents::network::Activation;
    use daladala_env::Generator;
    use ndarray::Array2;
    use proptest::prelude::*;

    use super::*;
    use crate::learner::{Learner, LearnerState};
    use crate::loss::ValueLoss;

    /// A learner after two steps, and one that has made none.
    fn learners() -> (Learner, Learner) {
        let weights = MlpWeights::init(&[3, 4, 1], Activation::Tanh, 1.0, &mut Generator::new(1, 0));
        let mut learner = Learner::new(&weights, 1e-8, Some(&Device::flex()));
        step(&mut learner);
        step(&mut learner);
        (learner, Learner::new(&weights, 1e-8, Some(&Device::flex())))
    }

    fn step(learner: &mut Learner) {
        let observations = Array2::from_elem((2, 3), 0.5);
        let loss = ValueLoss { returns: &[1.0, -1.0], near: None };
        learner.gradient_step(observations.view(), &[0, 1], &loss, 0.5, 1e-3);
    }

    fn optimizer(learner: &Learner) -> Vec<u8> {
        match learner.state() {
            LearnerState::Autodiff { optimizer, .. } => optimizer,
            LearnerState::Fused(_) => unreachable!("it was made for burn"),
        }
    }

    /// The same with another optimizer; whether it is taken. If it is, it learns on.
    fn taken(learner: &mut Learner, optimizer: Vec<u8>) -> bool {
        let weights = learner.weights();
        let taken = learner.restore(LearnerState::Autodiff { weights, optimizer }).is_ok();
        if taken {
            step(learner);
        }
        taken
    }

    type Parts = (BTreeMap<String, Scalar>, Vec<(String, DType, Vec<usize>, Option<u64>, Vec<u8>)>);

    fn parts(record: Vec<u8>) -> Parts {
        let reader = Reader::from_bytes(Bytes::from_bytes_vec(record)).unwrap();
        let scalars = reader.scalars().clone();
        let tensors = reader.into_tensors().unwrap().into_iter().map(|tensor| tensor.into_parts().unwrap());
        let plain = |(name, dtype, shape, id, bytes): (_, _, burn::tensor::Shape, _, Bytes)| {
            (name, dtype, shape.as_slice().to_vec(), id, bytes.to_vec())
        };
        (scalars, tensors.map(plain).collect())
    }

    fn written((scalars, tensors): Parts) -> Vec<u8> {
        let tensors = tensors
            .into_iter()
            .map(|(name, dtype, shape, id, bytes)| Tensor::new(name, dtype, shape, id, Bytes::from_bytes_vec(bytes)));
        let writer = Writer::new(tensors.collect());
        let writer = scalars.into_iter().fold(writer, |writer, (name, value)| writer.with_scalar(&name, value));
        writer.into_bytes().unwrap().to_vec()
    }

    #[test]
    fn a_record_is_taken_as_it_was_written() {
        let (learner, mut other) = learners();
        let fresh = optimizer(&other);
        assert!(taken(&mut other, optimizer(&learner)));
        assert!(taken(&mut other, fresh), "before the first step it is empty");
    }

    #[test]
    fn records_of_other_networks_are_errors_and_no_panics() {
        let (learner, mut other) = learners();
        let record = optimizer(&learner);
        let mut refused = |what: &str, change: &dyn Fn(&mut Parts)| {
            let mut changed = parts(record.clone());
            change(&mut changed);
            assert!(!taken(&mut other, written(changed)), "{what}");
        };
        refused("another shape", &|(_, tensors)| tensors[0].2.reverse());
        refused("fewer numbers", &|(_, tensors)| (tensors[0].2, tensors[0].4) = (vec![1], vec![0; 4]));
        refused("another rank", &|(scalars, _)| _ = scalars.insert("0.__rank".to_owned(), Scalar::UInt(7)));
        refused("a rank below 0", &|(scalars, _)| _ = scalars.insert("0.__rank".to_owned(), Scalar::Int(-1)));
        refused("another parameter", &|(scalars, _)| _ = scalars.insert("9.__rank".to_owned(), Scalar::UInt(1)));
        refused("steps without end", &|(scalars, _)| {
            _ = scalars.insert("0.momentum.time".to_owned(), Scalar::UInt(u64::MAX));
        });
        refused("no parameter", &|(_, tensors)| tensors[0].3 = None);
        refused("the number of another", &|(_, tensors)| tensors[0].3 = Some(1));
        refused("another type", &|(_, tensors)| tensors[0].1 = DType::I32);
        refused("another field", &|(_, tensors)| tensors[0].0 = "0.momentum.moment_3".to_owned());
        refused("a number missing", &|(scalars, _)| _ = scalars.pop_first());
        refused("a tensor missing", &|(_, tensors)| _ = tensors.pop());
        assert!(!taken(&mut other, Vec::new()) && !taken(&mut other, vec![0xff; 100]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_bytes_make_it_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
            let (learner, mut other) = learners();
            let mut record = optimizer(&learner);
            for (place, byte) in changes {
                let place = place.index(record.len());
                record[place] = byte;
            }
            taken(&mut other, record);
        }
    }
}
