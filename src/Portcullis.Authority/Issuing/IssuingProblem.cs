namespace Portcullis.Authority.Issuing;

/// <summary>Why no token is issued: an OAuth error code and a sentence that helps.</summary>
internal sealed record IssuingProblem(string Error, string Description);
