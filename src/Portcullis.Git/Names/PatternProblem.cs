namespace Portcullis.Git.Names;

/// <summary>Why a pattern can't be read.</summary>
/// <param name="Position">Where in the encoded text, in characters from 0.</param>
/// <param name="Message">What is wrong and what to write instead, as a sentence that doesn't repeat the text.</param>
public readonly record struct PatternProblem(int Position, string Message);
